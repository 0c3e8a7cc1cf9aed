// Command compose-reference prints, as JSON, what the reference parser makes of compose files: one list of cases on standard
// input, one answer for each on standard output. It is a tool of the tests only.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"
)

type testCase struct {
	Directory   string            `json:"directory"`
	Files       []string          `json:"files"`
	Environment map[string]string `json:"environment"`
	// Where given, the project of one run is printed too: with these profiles, normalized, variables of env files read.
	Profiles *[]string `json:"profiles"`
}

type answer struct {
	// The merged model before profiles, defaults of networks and names.
	Model map[string]any `json:"model,omitempty"`
	Error string         `json:"error,omitempty"`
	// What `docker compose config` prints.
	Project      json.RawMessage `json:"project,omitempty"`
	ProjectError string          `json:"projectError,omitempty"`
}

func details(one testCase) types.ConfigDetails {
	environment := types.Mapping{}
	for name, value := range one.Environment {
		environment[name] = value
	}
	return types.ConfigDetails{WorkingDir: one.Directory, ConfigFiles: types.ToConfigFiles(one.Files), Environment: environment}
}

func model(one testCase) (map[string]any, error) {
	return loader.LoadModelWithContext(context.Background(), details(one), func(options *loader.Options) {
		options.SetProjectName("stack", true)
		options.SkipNormalization = true
	})
}

func project(one testCase) (json.RawMessage, error) {
	project, err := loader.LoadWithContext(context.Background(), details(one), func(options *loader.Options) {
		options.SetProjectName("stack", true)
		options.Profiles = *one.Profiles
	})
	if err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}

// guarded turns what a file makes the reference panic on into an error of that one case.
func guarded[T any](what func(testCase) (T, error), one testCase) (made T, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	return what(one)
}

func load(one testCase) answer {
	var given answer
	made, err := guarded(model, one)
	if err != nil {
		given.Error = err.Error()
	} else {
		given.Model = made
	}
	if one.Profiles == nil {
		return given
	}
	run, err := guarded(project, one)
	if err != nil {
		given.ProjectError = err.Error()
	} else {
		given.Project = run
	}
	return given
}

func main() {
	logrus.SetLevel(logrus.PanicLevel)
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	answers := make([]answer, 0, len(cases))
	for _, one := range cases {
		answers = append(answers, load(one))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
