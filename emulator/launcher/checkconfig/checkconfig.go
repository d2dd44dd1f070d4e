// Package checkconfig looks at the machine the way `k3s check-config` does: programs, limits and the kernel's configuration.
package checkconfig

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// required are kernel options without which pods or their network do not work.
var required = []string{
	"NAMESPACES", "NET_NS", "PID_NS", "IPC_NS", "UTS_NS", "CGROUPS", "CGROUP_PIDS", "CPUSETS", "MEMCG", "CGROUP_SCHED", "KEYS",
	"VETH", "BRIDGE", "BRIDGE_NETFILTER", "IP_NF_FILTER", "IP_NF_TARGET_MASQUERADE", "NETFILTER_XT_MATCH_ADDRTYPE",
	"NETFILTER_XT_MATCH_CONNTRACK", "NETFILTER_XT_MATCH_COMMENT", "NETFILTER_XT_MATCH_MULTIPORT", "NETFILTER_XT_MATCH_STATISTIC",
	"NETFILTER_XT_MARK", "NETFILTER_XT_TARGET_REDIRECT", "IP_NF_NAT", "NF_NAT", "POSIX_MQUEUE", "OVERLAY_FS", "SECCOMP",
}

// useful are options that single features need.
var useful = []string{
	"USER_NS", "BLK_CGROUP", "CFS_BANDWIDTH", "FAIR_GROUP_SCHED", "CGROUP_DEVICE", "CGROUP_FREEZER", "CGROUP_PERF", "CGROUP_HUGETLB",
	"VXLAN", "IP_VS", "IP_VS_RR", "IP_SET", "NETFILTER_XT_MATCH_IPVS", "NETFILTER_XT_SET", "CRYPTO", "CRYPTO_GCM", "EXT4_FS", "NET_CLS_CGROUP",
}

// Run prints the findings and returns how many of them keep k3s from working.
func Run(out io.Writer) int {
	failures := 0
	check := func(name string, err error) {
		if err != nil {
			failures++
			fmt.Fprintf(out, "- %s: %v (fail)\n", name, err)
			return
		}
		fmt.Fprintf(out, "- %s: good\n", name)
	}
	fmt.Fprintln(out, "System:")
	for _, name := range []string{"iptables", "runc", "ip", "modprobe"} {
		_, err := exec.LookPath(name)
		check(name, err)
	}
	check("cgroup hierarchy", cgroups())
	config, from, err := kernelConfig()
	if err != nil {
		fmt.Fprintf(out, "warning: cannot read the kernel's configuration: %v\n\nSTATUS: %d (fail)\n", err, failures+1)
		return failures + 1
	}
	fmt.Fprintf(out, "\ninfo: reading kernel config from %s ...\n\nGenerally Necessary:\n", from)
	for _, option := range required {
		value := config[option]
		fmt.Fprintf(out, "- CONFIG_%s: %s\n", option, describe(value, " (fail)"))
		if value == "" {
			failures++
		}
	}
	fmt.Fprintln(out, "\nOptional Features:")
	for _, option := range useful {
		fmt.Fprintf(out, "- CONFIG_%s: %s\n", option, describe(config[option], ""))
	}
	if failures > 0 {
		fmt.Fprintf(out, "\nSTATUS: %d (fail)\n", failures)
	} else {
		fmt.Fprintln(out, "\nSTATUS: pass")
	}
	return failures
}

func describe(value, absent string) string {
	switch value {
	case "y":
		return "enabled"
	case "m":
		return "enabled (as module)"
	default:
		return "missing" + absent
	}
}

// cgroups demands version 2 with the controllers that pods need.
func cgroups() error {
	content, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	if err != nil {
		return errors.New("not cgroups V2: kubelet refuses the old hierarchy")
	}
	var missing []string
	for _, controller := range []string{"cpu", "cpuset", "memory", "pids"} {
		if !strings.Contains(" "+strings.TrimSpace(string(content))+" ", " "+controller+" ") {
			missing = append(missing, controller)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("controllers not available: %s (for memory: cgroup_enable=memory on the kernel's command line)", strings.Join(missing, ", "))
	}
	return nil
}

// kernelConfig reads the options of the running kernel that are set.
func kernelConfig() (map[string]string, string, error) {
	var name syscall.Utsname
	if err := syscall.Uname(&name); err != nil {
		return nil, "", err
	}
	var release strings.Builder
	for _, letter := range name.Release {
		if letter == 0 {
			break
		}
		release.WriteByte(byte(letter))
	}
	candidates := []string{"/proc/config.gz", "/boot/config-" + release.String(), "/lib/modules/" + release.String() + "/config"}
	for _, path := range candidates {
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if strings.HasSuffix(path, ".gz") {
			unpacked, err := gzip.NewReader(bytes.NewReader(content))
			if err != nil {
				return nil, "", err
			}
			if content, err = io.ReadAll(unpacked); err != nil {
				return nil, "", err
			}
		}
		return Parse(content), path, nil
	}
	return nil, "", fmt.Errorf("none of %s exists", strings.Join(candidates, ", "))
}

// Parse reads a kernel configuration; options that are not set are absent from the result.
func Parse(content []byte) map[string]string {
	options := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		name, value, found := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if option, isOption := strings.CutPrefix(name, "CONFIG_"); found && isOption {
			options[option] = value
		}
	}
	return options
}
