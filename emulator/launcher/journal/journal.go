// Package journal writes log lines in the form that k3s writes them, to standard error and so to the journal.
package journal

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"
)

var (
	mutex   sync.Mutex
	out     io.Writer = os.Stderr
	verbose bool
)

// SetOutput sends later lines to writer. Defaults to standard error.
func SetOutput(writer io.Writer) {
	mutex.Lock()
	defer mutex.Unlock()
	out = writer
}

// Output is where lines go at present.
func Output() io.Writer {
	mutex.Lock()
	defer mutex.Unlock()
	return out
}

// SetDebug turns the lines of Debug on or off. Defaults to off.
func SetDebug(on bool) {
	mutex.Lock()
	defer mutex.Unlock()
	verbose = on
}

// Debug writes a line that only --debug shows.
func Debug(format string, values ...any) {
	mutex.Lock()
	on := verbose
	mutex.Unlock()
	if on {
		write("debug", format, values)
	}
}

// Info writes an ordinary line.
func Info(format string, values ...any) { write("info", format, values) }

// Warn writes a line about something that was ignored or will be tried again.
func Warn(format string, values ...any) { write("warning", format, values) }

// Error writes a line about something that failed.
func Error(format string, values ...any) { write("error", format, values) }

// Fatal writes the reason and ends the process with status 1.
func Fatal(format string, values ...any) {
	write("fatal", format, values)
	os.Exit(1)
}

func write(level, format string, values []any) {
	message := fmt.Sprintf(format, values...)
	line := fmt.Sprintf("time=%q level=%s msg=%s\n", time.Now().UTC().Format(time.RFC3339), level, strconv.Quote(message))
	mutex.Lock()
	defer mutex.Unlock()
	_, _ = io.WriteString(out, line)
}

// Raw writes a line of another program as it is, with the program's name before it.
func Raw(program, line string) {
	mutex.Lock()
	defer mutex.Unlock()
	_, _ = fmt.Fprintf(out, "%s: %s\n", program, line)
}
