package supervise

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"k3s-board/emulator/launcher/journal"
)

func shell(name, script string) Program {
	return Program{Name: name, Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=/usr/bin:/bin"}}
}

func TestTheEndOfAProgramIsReportedWithItsLastLine(t *testing.T) {
	journal.SetOutput(&bytes.Buffer{})
	group := NewGroup()
	defer group.Stop(time.Second)
	if err := group.Start(shell("kubelet", "echo starting; echo 'unknown flag: --no-such-flag' >&2; exit 1")); err != nil {
		t.Fatal(err)
	}
	select {
	case exit := <-group.Exits():
		if exit.Name != "kubelet" || exit.Reason != "exit status 1: unknown flag: --no-such-flag" {
			t.Errorf("%+v", exit)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was reported")
	}
}

func TestStopEndsEverythingAndReportsNothing(t *testing.T) {
	output := &bytes.Buffer{}
	journal.SetOutput(output)
	group := NewGroup()
	store := shell("store", "trap 'echo store stops; exit 0' TERM; while :; do sleep 0.05; done")
	store.StopLast = true
	for _, program := range []Program{store, shell("user", "trap 'echo user stops; exit 0' TERM; while :; do sleep 0.05; done"), shell("deaf", "trap '' TERM; while :; do sleep 0.05; done")} {
		if err := group.Start(program); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(300 * time.Millisecond)
	begun := time.Now()
	group.Stop(time.Second)
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	text := output.String()
	if strings.Index(text, "user stops") < 0 || strings.Index(text, "store stops") < strings.Index(text, "user stops") {
		t.Errorf("order: %s", text)
	}
	select {
	case exit := <-group.Exits():
		t.Errorf("reported %+v", exit)
	default:
	}
}

func TestAProgramThatCannotBeStarted(t *testing.T) {
	if err := NewGroup().Start(Program{Name: "gone", Path: "/no/such/program"}); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Error(err)
	}
}
