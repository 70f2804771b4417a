// Reads a published ledger, C2SP tlog-tiles, with Go's standard library alone: the checkpoint's signature, every entry
// bundle against every hash tile, the root, and a witness's cosignature. Shares no code with the gateway.
//
//	published FOLDER VKEY [WITNESS-VKEY]     exit 0: all true; 1: not
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const width = 256

func refuse(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
	os.Exit(1)
}

type key struct {
	name   string
	id     []byte
	kind   byte
	public ed25519.PublicKey
}

func parseKey(vkey string) key {
	parts := strings.SplitN(vkey, "+", 3)
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 33 {
		refuse("not a key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	if hex.EncodeToString(sum[:4]) != parts[1] {
		refuse("the id is not this key's")
	}
	return key{parts[0], sum[:4], raw[0], raw[1:]}
}

func signedBy(note string, k key) bool {
	at := strings.LastIndex(note, "\n\n")
	text, lines := note[:at+1], strings.Split(note[at+2:], "\n")
	for _, line := range lines {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] != "\u2014" || fields[1] != k.name {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(fields[2])
		if err != nil || len(raw) < 5 || !bytes.Equal(raw[:4], k.id) {
			continue
		}
		if k.kind == 1 {
			return ed25519.Verify(k.public, []byte(text), raw[4:])
		}
		seconds := binary.BigEndian.Uint64(raw[4:12])
		message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", seconds, text)
		return ed25519.Verify(k.public, []byte(message), raw[12:])
	}
	return false
}

func tile(folder, level string, index, count int) []byte {
	name := fmt.Sprintf("%03d", index%1000)
	for index >= 1000 {
		index /= 1000
		name = fmt.Sprintf("x%03d/%s", index%1000, name)
	}
	path := filepath.Join(folder, "tile", level, name)
	if count < width {
		path += ".p/" + strconv.Itoa(count)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		refuse("%v", err)
	}
	return content
}

func leaf(entry []byte) []byte {
	sum := sha256.Sum256(append([]byte{0}, entry...))
	return sum[:]
}

// mth is RFC 6962 §2.1, as it is written there.
func mth(hashes [][]byte) []byte {
	switch len(hashes) {
	case 0:
		sum := sha256.Sum256(nil)
		return sum[:]
	case 1:
		return hashes[0]
	}
	split := 1
	for split*2 < len(hashes) {
		split *= 2
	}
	sum := sha256.Sum256(append(append([]byte{1}, mth(hashes[:split])...), mth(hashes[split:])...))
	return sum[:]
}

func entries(folder string, size int) [][]byte {
	var hashes [][]byte
	for index := 0; index*width < size; index++ {
		count := min(width, size-index*width)
		bundle := tile(folder, "entries", index, count)
		for n := 0; n < count; n++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				refuse("a cut bundle")
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			hashes = append(hashes, leaf(bundle[2:end]))
			bundle = bundle[end:]
		}
		if len(bundle) != 0 {
			refuse("a long bundle")
		}
	}
	return hashes
}

func main() {
	folder, log := os.Args[1], parseKey(os.Args[2])
	raw, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		refuse("%v", err)
	}
	note := string(raw)
	lines := strings.SplitN(note, "\n", 4)
	size, err := strconv.Atoi(lines[1])
	if err != nil || lines[0] != log.name || !signedBy(note, log) {
		refuse("the checkpoint is not signed by this log")
	}
	for _, vkey := range os.Args[3:] {
		if !signedBy(note, parseKey(vkey)) {
			refuse("the witness does not vouch for it")
		}
	}
	hashes := entries(folder, size)
	if base64.StdEncoding.EncodeToString(mth(hashes)) != lines[2] {
		refuse("the entries do not give the root")
	}
	for level := 0; len(hashes) > 0; level++ {
		var above [][]byte
		for index := 0; index*width < len(hashes); index++ {
			row := hashes[index*width : min(len(hashes), (index+1)*width)]
			if !bytes.Equal(tile(folder, strconv.Itoa(level), index, len(row)), bytes.Join(row, nil)) {
				refuse("tile %d/%d does not say what the entries say", level, index)
			}
			if len(row) == width {
				above = append(above, mth(row))
			}
		}
		hashes = above
	}
	fmt.Printf("true: %d entries\n", size)
}
