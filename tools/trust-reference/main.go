// Command trust-reference prints, as JSON, the trust data that Notary's own library makes of a list of cases: for each on standard
// input its documents by role on standard output, base64 as JSON has bytes. It is a tool of the tests only.
package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"sort"

	"github.com/theupdateframework/notary/tuf/data"
	"github.com/theupdateframework/notary/tuf/testutils"
)

type testCase struct {
	Repository string `json:"repository"`
	// Digest in hex by tag, by role.
	Signed map[string]map[string]string `json:"signed"`
}

func documents(one testCase) (map[data.RoleName][]byte, error) {
	roles := []data.RoleName{}
	for role := range one.Signed {
		if role != "targets" {
			roles = append(roles, data.RoleName(role))
		}
	}
	sort.Slice(roles, func(a, b int) bool { return roles[a] < roles[b] })
	repository, _, err := testutils.EmptyRepo(data.GUN(one.Repository), roles...)
	if err != nil {
		return nil, err
	}
	for role, tags := range one.Signed {
		files := data.Files{}
		for tag, digest := range tags {
			hash, err := hex.DecodeString(digest)
			if err != nil {
				return nil, err
			}
			files[tag] = data.FileMeta{Length: 1234, Hashes: data.Hashes{"sha256": hash}}
		}
		if _, err := repository.AddTargets(data.RoleName(role), files); err != nil {
			return nil, err
		}
	}
	return testutils.SignAndSerialize(repository)
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	answers := []map[data.RoleName][]byte{}
	for _, one := range cases {
		made, err := documents(one)
		if err != nil {
			panic(err)
		}
		answers = append(answers, made)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
