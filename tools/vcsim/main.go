// Command vcsim is the vCenter of the lab: govmomi's simulator with TLS, a password and the inventory that the
// sample clusters name.
//
// It prints one line of JSON when it answers (see ready), serves loopback only, and ends on SIGINT, on SIGTERM and
// when its standard input closes, so that a parent that died leaves nothing behind.
//
// The user's name and password are read from VCSIM_USER and VCSIM_PASSWORD: arguments show in process lists.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

// ready is what the parent needs to know.
type ready struct {
	Address     string `json:"address"`
	Certificate string `json:"certificate"`
	Version     string `json:"version"`
}

func main() {
	port := flag.Int("port", 0, "port on 127.0.0.1; 0 for a free one")
	flag.Parse()
	log.SetOutput(io.Discard)
	if err := run(*port); err != nil {
		fmt.Fprintln(os.Stderr, "vcsim:", err)
		os.Exit(1)
	}
}

func run(port int) error {
	user, password := os.Getenv("VCSIM_USER"), os.Getenv("VCSIM_PASSWORD")
	if user == "" || password == "" {
		return fmt.Errorf("VCSIM_USER and VCSIM_PASSWORD must be set")
	}
	identity, certificate, err := newIdentity()
	if err != nil {
		return err
	}
	model := newModel()
	defer model.Remove()
	if err := model.Create(); err != nil {
		return err
	}
	model.Service.RegisterEndpoints = true
	model.Service.TLS = identity
	model.Service.Listen = &url.URL{Host: fmt.Sprintf("127.0.0.1:%d", port), User: url.UserPassword(user, password)}
	server := model.Service.NewServer()
	defer server.Close()
	template, err := addTemplate(context.Background(), server.URL)
	if err != nil {
		return err
	}
	if err := placeClones(model.Map(), template); err != nil {
		return err
	}
	line := ready{server.URL.Host, certificate, model.ServiceContent.About.Version}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		return err
	}
	waitForEnd()
	return nil
}

// newModel describes the data center: two clusters of three hosts, one datastore, one switch, no machines.
func newModel() *simulator.Model {
	model := simulator.VPX()
	model.Datacenter, model.Cluster, model.ClusterHost = 1, 2, 3
	model.Host, model.Machine, model.Datastore, model.Portgroup = 0, 0, 1, 1
	model.Autostart = false
	return model
}

func waitForEnd() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	select {
	case <-ended:
	case <-closed:
	}
}
