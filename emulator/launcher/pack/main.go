// Command pack appends programs to the launcher. It runs on the machine that builds, not on the board.
//
// Usage: pack -o OUTPUT [-link NAME=TARGET]... LAUNCHER PROGRAM...
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"k3s-board/emulator/launcher/payload"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run() error {
	output := flag.String("o", "", "file to write")
	var links []payload.Link
	flag.Func("link", "symbolic link NAME=TARGET beside the programs", func(text string) error {
		name, target, found := strings.Cut(text, "=")
		if !found {
			return errors.New("expected NAME=TARGET")
		}
		links = append(links, payload.Link{Name: name, Target: target})
		return nil
	})
	flag.Parse()
	if *output == "" || flag.NArg() < 2 {
		return errors.New("usage: pack -o OUTPUT [-link NAME=TARGET]... LAUNCHER PROGRAM...")
	}
	file, err := os.OpenFile(*output, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(file, 1<<20)
	if err := payload.Pack(buffered, flag.Arg(0), flag.Args()[1:], links); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	return file.Close()
}
