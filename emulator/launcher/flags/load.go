package flags

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
)

// hidden stands where a secret was given.
const hidden = "********"

// Loaded is the outcome of reading command line, environment and configuration files.
type Loaded struct {
	Values   *Values
	Warnings []string
	NodeArgs NodeArgs
}

// NodeArgs is what the node's annotations tell about how it was started.
type NodeArgs struct {
	Args string // JSON list of arguments, secrets hidden
	Env  string // JSON object of K3S_* variables, secrets hidden
	Hash string // base32 of a SHA-256 over arguments and variables, secrets included
}

// ErrHelp says that --help was asked for.
var ErrHelp = errors.New("help requested")

// Load reads configuration files, environment and command line the way k3s does: what the files say is put before the arguments
// of the command line.
func Load(role Role, commandLine []string) (*Loaded, error) {
	for _, arg := range commandLine {
		if arg == "--help" || arg == "-h" || arg == "-help" {
			return nil, ErrHelp
		}
	}
	alone := NewValues(role)
	if _, err := alone.Parse(commandLine); err != nil {
		return nil, err
	}
	if err := alone.FillFromEnvironment(os.LookupEnv); err != nil {
		return nil, err
	}
	configArgs, unknown, err := ReadConfig(alone.String("config"), role, alone.IsSet("config"))
	if err != nil {
		return nil, err
	}
	all := append(configArgs, commandLine...)
	values := NewValues(role)
	rest, err := values.Parse(all)
	if err != nil {
		return nil, err
	}
	if err := values.FillFromEnvironment(os.LookupEnv); err != nil {
		return nil, err
	}
	loaded := &Loaded{Values: values, NodeArgs: describe(role, values, all, os.Environ())}
	for _, key := range unknown {
		loaded.Warnings = append(loaded.Warnings, fmt.Sprintf("Unknown flag --%s found in %s, skipping", key, "config.yaml"))
	}
	if names := values.WithoutEffect(); len(names) > 0 {
		loaded.Warnings = append(loaded.Warnings,
			"Accepted but not implemented by this launcher: "+strings.Join(names, ", "))
	}
	if len(rest) > 0 {
		loaded.Warnings = append(loaded.Warnings, fmt.Sprintf("Arguments ignored from %q on: not a flag", rest[0]))
	}
	return loaded, nil
}

func describe(role Role, values *Values, args, environment []string) NodeArgs {
	shown, full := []string{string(role)}, []string{string(role)}
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		flag, found := values.lookup(name)
		if !found {
			break
		}
		if !hasValue && flag.Kind != Bool && i+1 < len(args) {
			i++
			value, hasValue = args[i], true
		}
		shown, full = append(shown, "--"+flag.Name), append(full, "--"+flag.Name)
		if hasValue {
			full = append(full, value)
			if flag.Secret {
				value = hidden
			}
			shown = append(shown, value)
		}
	}
	env := map[string]string{}
	sort.Strings(environment)
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "K3S_") {
			continue
		}
		full = append(full, variable)
		if strings.Contains(name, "TOKEN") || strings.Contains(name, "ENDPOINT") || strings.Contains(name, "KEY") {
			value = hidden
		}
		env[name] = value
	}
	sum := sha256.Sum256([]byte(strings.Join(full, "\x00")))
	argsJSON, _ := json.Marshal(shown)
	envJSON, _ := json.Marshal(env)
	return NodeArgs{string(argsJSON), string(envJSON), base32.StdEncoding.EncodeToString(sum[:])}
}
