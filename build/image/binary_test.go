package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// program returns an ELF file with one program header and nothing in it.
func program(t *testing.T, machine elf.Machine, header elf.ProgType) []byte {
	t.Helper()
	var file bytes.Buffer
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	for _, part := range []any{
		elf.Header64{
			Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
			Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
		},
		elf.Prog64{Type: uint32(header)},
	} {
		if err := binary.Write(&file, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

func TestCheckStatic(t *testing.T) {
	amd64 := v1.Platform{OS: "linux", Architecture: "amd64"}
	tests := []struct {
		name   string
		binary []byte
		good   bool
	}{
		{"static", program(t, elf.EM_X86_64, elf.PT_LOAD), true},
		{"dynamic", program(t, elf.EM_X86_64, elf.PT_INTERP), false},
		{"other platform", program(t, elf.EM_AARCH64, elf.PT_LOAD), false},
		{"a script", []byte("#!/bin/sh\n"), false},
		{"empty", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := checkStatic(tt.binary, amd64); (err == nil) != tt.good || err != nil && !errors.Is(err, ErrBinary) {
				t.Errorf("checkStatic = %v, want ErrBinary: %v", err, !tt.good)
			}
		})
	}
}
