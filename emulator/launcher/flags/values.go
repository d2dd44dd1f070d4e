package flags

import (
	"fmt"
	"strconv"
	"strings"
)

// Values holds what was given for each flag of a role, by the flag's long name.
type Values struct {
	flags map[string]Flag
	given map[string][]string
}

// NewValues makes an empty set for a role; the defaults of the table apply until something is given.
func NewValues(role Role) *Values {
	values := &Values{flags: map[string]Flag{}, given: map[string][]string{}}
	for _, flag := range ForRole(role) {
		values.flags[flag.Name] = flag
	}
	return values
}

// lookup finds a flag by its long or short name.
func (v *Values) lookup(name string) (Flag, bool) {
	if flag, found := v.flags[name]; found {
		return flag, true
	}
	for _, flag := range v.flags {
		if flag.Short != "" && flag.Short == name {
			return flag, true
		}
	}
	return Flag{}, false
}

// set records one value. Lists grow, everything else is replaced.
func (v *Values) set(flag Flag, value string) error {
	switch flag.Kind {
	case Bool:
		if _, err := strconv.ParseBool(value); err != nil {
			return fmt.Errorf("invalid boolean value %q for -%s: parse error", value, flag.Name)
		}
	case Int:
		if _, err := strconv.Atoi(value); err != nil {
			return fmt.Errorf("invalid value %q for flag -%s: parse error", value, flag.Name)
		}
	case List:
		v.given[flag.Name] = append(v.given[flag.Name], value)
		return nil
	case CommaList:
		for _, part := range strings.Split(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				v.given[flag.Name] = append(v.given[flag.Name], part)
			}
		}
		return nil
	}
	v.given[flag.Name] = []string{value}
	return nil
}

// Parse reads arguments as k3s does: -x and --x alike, the value after = or in the next argument, reading ends at the first
// argument that is no flag. It returns what it did not read.
func (v *Values) Parse(args []string) ([]string, error) {
	for len(args) > 0 {
		arg := args[0]
		if len(arg) < 2 || arg[0] != '-' {
			return args, nil
		}
		if arg == "--" {
			return args[1:], nil
		}
		args = args[1:]
		name, value, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		flag, found := v.lookup(name)
		if !found {
			return nil, fmt.Errorf("flag provided but not defined: -%s", name)
		}
		if !hasValue {
			if flag.Kind == Bool {
				value = "true"
			} else if len(args) == 0 {
				return nil, fmt.Errorf("flag needs an argument: -%s", name)
			} else {
				value, args = args[0], args[1:]
			}
		}
		if err := v.set(flag, value); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// FillFromEnvironment gives flags that were not set the value of their environment variable.
func (v *Values) FillFromEnvironment(lookup func(string) (string, bool)) error {
	for name, flag := range v.flags {
		if flag.Env == "" || v.IsSet(name) {
			continue
		}
		if value, found := lookup(flag.Env); found && value != "" {
			if err := v.set(flag, value); err != nil {
				return fmt.Errorf("environment variable %s: %w", flag.Env, err)
			}
		}
	}
	return nil
}

// IsSet tells whether a flag was given anywhere.
func (v *Values) IsSet(name string) bool { return len(v.given[name]) > 0 }

// String returns the value of a flag, or its default.
func (v *Values) String(name string) string {
	if given := v.given[name]; len(given) > 0 {
		return given[len(given)-1]
	}
	return v.flags[name].Default
}

// Bool returns the value of a switch, or its default.
func (v *Values) Bool(name string) bool {
	on, err := strconv.ParseBool(v.String(name))
	return err == nil && on
}

// Int returns the value of a number, its default, or 0.
func (v *Values) Int(name string) int {
	number, err := strconv.Atoi(v.String(name))
	if err != nil {
		return 0
	}
	return number
}

// Strings returns all values of a list, or its default.
func (v *Values) Strings(name string) []string {
	if given := v.given[name]; len(given) > 0 {
		return append([]string(nil), given...)
	}
	if fallback := v.flags[name].Default; fallback != "" {
		return []string{fallback}
	}
	return nil
}

// WithoutEffect names the flags that were given, are k3s's own, and do nothing here, in table order.
func (v *Values) WithoutEffect() []string {
	var names []string
	for _, flag := range Table {
		if flag.Accepted && v.IsSet(flag.Name) {
			names = append(names, "--"+flag.Name)
		}
	}
	return names
}
