package flags

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func TestParse(t *testing.T) {
	values := NewValues(Server)
	rest, err := values.Parse([]string{"--disable", "coredns,traefik", "-disable=servicelb", "--debug", "--kubelet-arg=a=b,c", "--kubelet-arg", "d", "-v", "4", "--pause-image=x", "--pause-image=y", "extra", "--debug=false"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"coredns", "traefik", "servicelb"}; !reflect.DeepEqual(values.Strings("disable"), want) {
		t.Errorf("disable: %q", values.Strings("disable"))
	}
	if want := []string{"a=b,c", "d"}; !reflect.DeepEqual(values.Strings("kubelet-arg"), want) {
		t.Errorf("kubelet-arg is split at commas: %q", values.Strings("kubelet-arg"))
	}
	if !values.Bool("debug") || values.Int("v") != 4 || values.String("pause-image") != "y" {
		t.Error("debug, v or pause-image")
	}
	if want := []string{"extra", "--debug=false"}; !reflect.DeepEqual(rest, want) {
		t.Errorf("reading goes on after the first argument that is no flag: %q", rest)
	}
	if values.String("cluster-cidr") != "10.42.0.0/16" {
		t.Error("the default of a flag that was not given")
	}
}

func TestParseRefuses(t *testing.T) {
	for given, reason := range map[string]string{
		"--no-such-flag":   "flag provided but not defined: -no-such-flag",
		"--no-such-flag=1": "flag provided but not defined: -no-such-flag",
		"--debug=maybe":    "invalid boolean value",
		"-v=many":          "invalid value",
		"--token":          "flag needs an argument: -token",
	} {
		if _, err := NewValues(Server).Parse([]string{given}); err == nil || !contains(err.Error(), reason) {
			t.Errorf("%s: %v", given, err)
		}
	}
	for _, given := range []string{"--disable=coredns", "--system-default-registry=r.test"} {
		if _, err := NewValues(Agent).Parse([]string{given}); err == nil {
			t.Errorf("an agent knows no %s", given)
		}
	}
}

func TestEnvironmentComesAfterFlags(t *testing.T) {
	environment := func(name string) (string, bool) {
		value, found := map[string]string{"K3S_TOKEN": "from-environment", "K3S_URL": "https://a"}[name]
		return value, found
	}
	values := NewValues(Agent)
	if _, err := values.Parse([]string{"--token=given"}); err != nil {
		t.Fatal(err)
	}
	if err := values.FillFromEnvironment(environment); err != nil {
		t.Fatal(err)
	}
	if values.String("token") != "given" || values.String("server") != "https://a" {
		t.Errorf("token %q, server %q", values.String("token"), values.String("server"))
	}
}

func TestLoadPutsFilesBeforeTheCommandLine(t *testing.T) {
	path := write(t, "pause-image: file\ndisable: [coredns]\nno-such-key: 1\nsecrets-encryption: true\ntoken: hidden-in-file\n", nil)
	loaded, err := Load(Server, []string{"--config", path, "--pause-image=line", "--disable", "traefik"})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Values.String("pause-image") != "line" {
		t.Error("the command line wins")
	}
	if want := []string{"coredns", "traefik"}; !reflect.DeepEqual(loaded.Values.Strings("disable"), want) {
		t.Errorf("lists of both: %q", loaded.Values.Strings("disable"))
	}
	warnings := strings.Join(loaded.Warnings, "\n")
	if !contains(warnings, "--no-such-key") || !contains(warnings, "--secrets-encryption") {
		t.Errorf("warnings: %s", warnings)
	}
	if contains(loaded.NodeArgs.Args, "hidden-in-file") || !contains(loaded.NodeArgs.Args, `"--token","********"`) {
		t.Errorf("secrets are shown: %s", loaded.NodeArgs.Args)
	}
	other := write(t, "token: another\n", nil)
	again, err := Load(Server, []string{"--config", other})
	if err != nil || again.NodeArgs.Hash == loaded.NodeArgs.Hash {
		t.Error("the hash changes with what was given")
	}
}

func TestLoadHelp(t *testing.T) {
	if _, err := Load(Server, []string{"--help"}); !errors.Is(err, ErrHelp) {
		t.Error(err)
	}
	var out bytes.Buffer
	WriteHelp(&out, Server)
	for _, line := range []string{"   --disable value ", "   --debug ", "   --data-dir value, -d value ", "   -v value "} {
		if !contains(out.String(), "\n"+line) {
			t.Errorf("help has no line %q", line)
		}
	}
}

func TestTableHasEveryNameOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, flag := range Table {
		for _, name := range []string{flag.Name, flag.Short} {
			if name != "" && seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
	}
}
