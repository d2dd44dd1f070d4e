// Package supervise runs the programs of a cluster as children that live and die with the launcher.
package supervise

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"k3s-board/emulator/launcher/journal"
)

// lastLines is how many lines of a program are kept to explain its end.
const lastLines = 12

// Program is one child to run.
type Program struct {
	// Name is what the log shows.
	Name string
	// Path is the file to run; Args are its arguments without the program's own name.
	Path string
	Args []string
	Env  []string
	// Directory is where it runs. Defaults to the launcher's own.
	Directory string
	// LogFile takes the program's output instead of the journal. Its last lines still explain its end.
	LogFile string
	// StopLast keeps the program running until the others have stopped: a store that they still write to.
	StopLast bool
}

// Exit tells that a program ended.
type Exit struct {
	Name   string
	Reason string
}

// Group starts programs, reports the first that ends, and stops all of them.
type Group struct {
	starts   chan func()
	exits    chan Exit
	mutex    sync.Mutex
	running  []*child
	stopping bool
}

type child struct {
	name     string
	command  *exec.Cmd
	stopLast bool
	done     chan struct{}
}

// NewGroup makes an empty group.
func NewGroup() *Group {
	group := &Group{starts: make(chan func()), exits: make(chan Exit, 16)}
	// The parent-death signal is sent when the *thread* that started the child ends. This goroutine keeps its thread forever.
	go func() {
		runtime.LockOSThread()
		for start := range group.starts {
			start()
		}
	}()
	return group
}

// Exits delivers the end of every program that was not stopped by Stop.
func (g *Group) Exits() <-chan Exit { return g.exits }

// Start runs a program.
func (g *Group) Start(program Program) error {
	command := exec.Command(program.Path, program.Args...)
	command.Env = program.Env
	command.Dir = program.Directory
	command.SysProcAttr = &syscall.SysProcAttr{
		// When the launcher is killed its children must not go on without it: a second start would find their ports taken.
		Pdeathsig: syscall.SIGKILL,
		// A group of its own keeps a Ctrl-C for the launcher, which stops the programs in order.
		Setpgid: true,
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	command.Stdout, command.Stderr = writer, writer
	started := make(chan error, 1)
	g.starts <- func() { started <- command.Start() }
	err = <-started
	_ = writer.Close()
	if err != nil {
		_ = reader.Close()
		return fmt.Errorf("cannot start %s: %w", program.Name, err)
	}
	running := &child{program.Name, command, program.StopLast, make(chan struct{})}
	g.mutex.Lock()
	g.running = append(g.running, running)
	g.mutex.Unlock()
	go g.watch(running, program, reader)
	return nil
}

// watch passes the program's lines on until it ends. A grandchild may hold the pipe open, so the end of the program, not of the pipe,
// is what counts.
func (g *Group) watch(running *child, program Program, reader *os.File) {
	tail := &recent{}
	read := make(chan struct{})
	go func() {
		defer close(read)
		passOn(program, reader, tail)
	}()
	err := running.command.Wait()
	select {
	case <-read:
	case <-time.After(time.Second):
	}
	_ = reader.Close()
	close(running.done)
	g.mutex.Lock()
	stopping := g.stopping
	g.mutex.Unlock()
	if stopping {
		return
	}
	reason := "exited"
	if err != nil {
		reason = err.Error()
	}
	if lines := tail.lines(); len(lines) > 0 {
		if program.LogFile != "" {
			for _, line := range lines {
				journal.Raw(program.Name, line)
			}
		}
		reason += ": " + lines[len(lines)-1]
	}
	g.exits <- Exit{program.Name, reason}
}

func passOn(program Program, reader io.Reader, tail *recent) {
	var file *os.File
	if program.LogFile != "" {
		opened, err := os.OpenFile(program.LogFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			journal.Warn("%s logs to the journal: %v", program.Name, err)
		} else {
			file = opened
			defer file.Close()
		}
	}
	lines := bufio.NewReaderSize(reader, 64<<10)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line != "" {
			tail.add(line)
			if file != nil {
				_, _ = file.WriteString(line + "\n")
			} else {
				journal.Raw(program.Name, line)
			}
		}
		if err != nil {
			return
		}
	}
}

// Stop ends all programs and waits for them, those that stop last after the others. Each of the two rounds takes at most patience;
// who is not gone by then is killed.
func (g *Group) Stop(patience time.Duration) {
	g.mutex.Lock()
	g.stopping = true
	running := g.running
	g.running = nil
	g.mutex.Unlock()
	for _, last := range []bool{false, true} {
		var round []*child
		for _, candidate := range running {
			if candidate.stopLast == last {
				round = append(round, candidate)
				_ = candidate.command.Process.Signal(syscall.SIGTERM)
			}
		}
		deadline := time.Now().Add(patience)
		for _, candidate := range round {
			select {
			case <-candidate.done:
			case <-time.After(time.Until(deadline)):
				journal.Debug("%s did not stop in time and is killed", candidate.name)
				_ = candidate.command.Process.Kill()
				<-candidate.done
			}
		}
	}
}

// recent keeps the last lines of a program.
type recent struct {
	mutex sync.Mutex
	kept  []string
}

func (r *recent) add(line string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.kept) == lastLines {
		r.kept = r.kept[1:]
	}
	r.kept = append(r.kept, line)
}

func (r *recent) lines() []string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]string(nil), r.kept...)
}
