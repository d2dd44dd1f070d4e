package flags

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// write makes a configuration file and its directory of additions, and returns the path of the former.
func write(t *testing.T, main string, additions map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if main != "" {
		if err := os.WriteFile(path, []byte(main), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(path+".d", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range additions {
		if err := os.WriteFile(filepath.Join(path+".d", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestReadConfigMergesFilesInNameOrder(t *testing.T) {
	cases := []struct {
		name      string
		main      string
		additions map[string]string
		args      []string
		unknown   []string
	}{
		{"nothing", "", nil, nil, nil},
		{"empty file", "# a comment only\n", nil, nil, nil},
		{"scalars and lists", "debug: true\ntls-san: [a, b]\nwrite-kubeconfig-mode: \"0644\"\n", nil,
			[]string{"--debug=true", "--tls-san=a", "--tls-san=b", "--write-kubeconfig-mode=0644"}, nil},
		{"the last value wins", "pause-image: a\n", map[string]string{"20-x.yaml": "pause-image: c\n", "10-x.yaml": "pause-image: b\n"},
			[]string{"--pause-image=c"}, nil},
		{"a later list replaces", "disable: [traefik]\n", map[string]string{"10.yaml": "disable: [coredns]\n"},
			[]string{"--disable=coredns"}, nil},
		{"a plus appends", "disable: [traefik]\n", map[string]string{"10.yaml": "disable+: [coredns]\n", "20.yaml": "disable+: servicelb\n"},
			[]string{"--disable=traefik", "--disable=coredns", "--disable=servicelb"}, nil},
		{"a plus without anything before", "", map[string]string{"10.yaml": "disable+: [coredns]\n"}, []string{"--disable=coredns"}, nil},
		{"no plus forgets what was appended", "disable: [a]\n", map[string]string{"10.yaml": "disable+: [b]\n", "20.yaml": "disable: [c]\n"},
			[]string{"--disable=c"}, nil},
		{"unknown keys are named and skipped", "no-such-key: 1\ndebug: true\n", nil, []string{"--debug=true"}, []string{"no-such-key"}},
		{"other files are not read", "", map[string]string{"10.conf": "debug: true\n"}, nil, nil},
		{"short names", "d: /data\n", nil, []string{"--data-dir=/data"}, nil},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			args, unknown, err := ReadConfig(write(t, test.main, test.additions), Server, false)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(args, test.args) || !reflect.DeepEqual(unknown, test.unknown) {
				t.Errorf("got %q, unknown %q; want %q, unknown %q", args, unknown, test.args, test.unknown)
			}
		})
	}
}

func TestReadConfigNamesTheFileThatIsWrong(t *testing.T) {
	for name, content := range map[string]string{"syntax": "a: [", "no mapping": "- a\n", "nested": "disable:\n  a: b\n"} {
		path := write(t, "debug: true\n", map[string]string{"10.yaml": content})
		if _, _, err := ReadConfig(path, Server, false); err == nil || !contains(err.Error(), "10.yaml") {
			t.Errorf("%s: error %v does not name 10.yaml", name, err)
		}
	}
}

func TestReadConfigRequiresAFileThatWasNamed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "config.yaml")
	if _, _, err := ReadConfig(missing, Server, false); err != nil {
		t.Errorf("a missing default file is no error: %v", err)
	}
	if _, _, err := ReadConfig(missing, Server, true); err == nil {
		t.Error("a missing file that was named is an error")
	}
}
