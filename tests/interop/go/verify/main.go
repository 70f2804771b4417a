// Verifies a Sealgate evidence bundle with nothing but Go's standard library and the handbook.
//
//	verify BUNDLE VKEY
//
// Prints one line and ends with 0 when everything is true, 1 when anything is false. It shares no code with the product:
// zip, RFC 6962 tree, signed note, tlog-proof, class commitments and the table of fields are written down here again.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"sort"
	"strconv"
	"strings"
)

// The fields of each kind by class, in order: op | snd | rcp | obj | net | sec.
var fields = map[string]string{
	"deposited":     "ruleset|addr name auth|agency|name media bytes.in sha256.in|src proto|",
	"received":      "ruleset purpose label|addr name auth|addr agency|name subject media bytes.in sha256.in|src proto msgid|",
	"judged":        "rules ruleset decision purpose label reason|addr|addr authz agency|||",
	"approved":      "ruleset decision reason|addr|addr|||",
	"declined":      "ruleset reason|addr|addr|||",
	"scrubbed":      "rules ruleset|||name media bytes.in sha256.in bytes.out sha256.out||stripped scan",
	"sealed":        "rules ruleset decision purpose label|addr|addr agency keyfp|bytes.in sha256.in bytes.out sha256.out||e2e stripped",
	"attempted":     "ruleset||addr||dst proto|tls cert hop",
	"shipped":       "rules ruleset purpose label|addr|addr agency keyfp reply|name subject media bytes.in sha256.in bytes.out sha256.out|dst proto msgid|tls cert hop e2e stripped",
	"deferred":      "ruleset decision reason||addr reply|||",
	"undeliverable": "ruleset reason||addr reply|||",
	"offered":       "rules ruleset purpose label retention||addr agency|bytes.out sha256.out||e2e stripped",
	"collected":     "ruleset||addr second|bytes.out sha256.out|src|",
	"expired":       "ruleset reason||addr|||",
	"recalled":      "ruleset|addr|addr|||",
	"disposed":      "ruleset reason|addr||||",
	"published":     "ruleset reason|addr||name sha256.in||",
	"admitted":      "ruleset decision reason|addr|addr keyfp|||",
	"consulted":     "ruleset decision purpose|addr||desc||",
}

var classes = []string{"op", "snd", "rcp", "obj", "net", "sec"}

type entry struct {
	V int      `json:"v"`
	S string   `json:"s"`
	K string   `json:"k"`
	T int64    `json:"t"`
	G string   `json:"g"`
	X string   `json:"x,omitempty"`
	L *int     `json:"l,omitempty"`
	P *int     `json:"p,omitempty"`
	O string   `json:"o,omitempty"`
	C []string `json:"c,omitempty"`
}

type disclosure struct {
	C    string   `json:"c"`
	F    string   `json:"f"`
	I    int      `json:"i"`
	Pad  string   `json:"pad,omitempty"`
	Path []string `json:"path"`
	Salt string   `json:"salt,omitempty"`
	V    *string  `json:"v,omitempty"`
}

type proof struct {
	index       int
	entry       []byte
	path        [][]byte
	note        string
	disclosures []disclosure
}

func main() {
	if len(os.Args) != 3 {
		fmt.Println("usage: verify BUNDLE VKEY")
		os.Exit(2)
	}
	bundle, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = verify(bundle, os.Args[2])
	}
	if err != nil {
		fmt.Println("false:", err)
		os.Exit(1)
	}
	fmt.Println("true")
}

func verify(bundle []byte, vkey string) error {
	files, err := unzip(bundle)
	if err != nil {
		return err
	}
	if err := checkManifest(files); err != nil {
		return err
	}
	proofs, err := readProofs(files)
	if err != nil {
		return err
	}
	note := string(files["checkpoint"])
	size, root, err := openNote(note, vkey)
	if err != nil {
		return err
	}
	last := int64(0)
	shown := []disclosure{}
	for _, p := range proofs {
		if p.note != note {
			return errors.New("a proof under another checkpoint")
		}
		said, err := readEntry(p.entry)
		if err != nil {
			return err
		}
		if said.T < last {
			return errors.New("time falls")
		}
		last = said.T
		if !included(p.index, size, leafHash(p.entry), root, p.path) {
			return fmt.Errorf("entry %d does not lead to the root", p.index)
		}
		for _, d := range p.disclosures {
			if err := checkDisclosure(said, p.index, d); err != nil {
				return err
			}
		}
		shown = append(shown, p.disclosures...)
	}
	if err := checkBeside(files, proofs, size, root, vkey); err != nil {
		return err
	}
	return checkDerived(files, shown)
}

// What is derived is there for people, and must agree with what it is derived from.
func checkDerived(files map[string][]byte, shown []disclosure) error {
	if !bytes.Equal(canonical(shown), files["disclosures.json"]) {
		return errors.New("disclosures.json says something else")
	}
	for name := range files {
		known := map[string]bool{"README.txt": true, "checkpoint": true, "disclosures.json": true, "policy": true, "record.json": true, "MANIFEST": true}
		if !known[name] && !attached[name] && !strings.HasPrefix(name, "entries/") && !strings.HasPrefix(name, "proofs/") {
			return errors.New("a file that belongs to no bundle")
		}
	}
	return nil
}

// ── the container ──

func unzip(b []byte) (map[string][]byte, error) {
	files, names, at := map[string][]byte{}, []string{}, 0
	for at+30 <= len(b) && string(b[at:at+4]) == "PK\x03\x04" {
		size, label := int(binary.LittleEndian.Uint32(b[at+18:])), int(binary.LittleEndian.Uint16(b[at+26:]))
		start := at + 30
		if start+label+size > len(b) || start+label+size < start {
			return nil, errors.New("a cut file")
		}
		name := string(b[start : start+label])
		if _, twice := files[name]; twice {
			return nil, errors.New("a file twice")
		}
		files[name] = b[start+label : start+label+size]
		names = append(names, name)
		at = start + label + size
	}
	if !sort.StringsAreSorted(names) || !bytes.Equal(zip(files), b) {
		return nil, errors.New("not a bundle in its one spelling")
	}
	return files, nil
}

func zip(files map[string][]byte) []byte {
	names := []string{}
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	var body, directory bytes.Buffer
	put := func(to *bytes.Buffer, values ...any) {
		for _, value := range values {
			_ = binary.Write(to, binary.LittleEndian, value)
		}
	}
	for _, name := range names {
		content, offset := files[name], uint32(body.Len())
		about := []any{uint16(20), uint16(0), uint16(0), uint16(0), uint16(0x21), crc32.ChecksumIEEE(content), uint32(len(content)), uint32(len(content)), uint16(len(name)), uint16(0)}
		put(&directory, []byte("PK\x01\x02"), uint16(20))
		put(&directory, about...)
		put(&directory, uint16(0), uint16(0), uint16(0), uint32(0), offset, []byte(name))
		put(&body, []byte("PK\x03\x04"))
		put(&body, about...)
		put(&body, []byte(name), content)
	}
	start := uint32(body.Len())
	body.Write(directory.Bytes())
	put(&body, []byte("PK\x05\x06"), uint16(0), uint16(0), uint16(len(names)), uint16(len(names)), uint32(directory.Len()), start, uint16(0))
	return body.Bytes()
}

func checkManifest(files map[string][]byte) error {
	names := []string{}
	for name := range files {
		if name != "MANIFEST" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var expected strings.Builder
	for _, name := range names {
		sum := sha256.Sum256(files[name])
		expected.WriteString(hex.EncodeToString(sum[:]) + "  " + name + "\n")
	}
	if expected.String() != string(files["MANIFEST"]) {
		return errors.New("the manifest says something else")
	}
	return nil
}

// ── proofs ──

func readProofs(files map[string][]byte) ([]proof, error) {
	proofs := []proof{}
	entries := 0
	for name, content := range files {
		if strings.HasPrefix(name, "entries/") {
			entries++
		}
		if !strings.HasPrefix(name, "proofs/") {
			continue
		}
		p, err := readProof(content)
		if err != nil {
			return nil, err
		}
		if name != fmt.Sprintf("proofs/%d.tlog-proof", p.index) || !bytes.Equal(files[fmt.Sprintf("entries/%d.bin", p.index)], p.entry) {
			return nil, errors.New("a proof under another's name")
		}
		proofs = append(proofs, p)
	}
	if len(proofs) == 0 || len(proofs) != entries {
		return nil, errors.New("entries without proofs")
	}
	sort.Slice(proofs, func(a, b int) bool { return proofs[a].index < proofs[b].index })
	return proofs, nil
}

func readProof(content []byte) (p proof, err error) {
	head, note, found := strings.Cut(string(content), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return p, errors.New("not a tlog-proof")
	}
	p.note = note
	if p.index, err = number(lines[2][6:]); err != nil {
		return p, err
	}
	for _, line := range lines[3:] {
		hash, err := unbase64(line, 32)
		if err != nil {
			return p, err
		}
		p.path = append(p.path, hash)
	}
	raw, err := unbase64(lines[1][6:], -1)
	if err != nil {
		return p, err
	}
	var extra struct {
		Disclosures []disclosure `json:"disclosures"`
		Entry       string       `json:"entry"`
	}
	if err := strict(raw, &extra); err != nil {
		return p, err
	}
	p.disclosures = extra.Disclosures
	p.entry, err = unbase64(extra.Entry, -1)
	return p, err
}

func readEntry(raw []byte) (said entry, err error) {
	if err = json.Unmarshal(raw, &said); err == nil && (said.V != 1 || (said.X == "") != (len(said.C) == 0)) {
		err = errors.New("not an entry")
	}
	return said, err
}

// Canonical JSON (RFC 8785) of what these structs hold: their keys stand in order, strings are escaped the short way.
func canonical(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func strict(raw []byte, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return err
	}
	if !bytes.Equal(canonical(into), raw) {
		return errors.New("not canonical JSON")
	}
	return nil
}

// ── the head ──

func openNote(note, vkey string) (size int, root []byte, err error) {
	split := strings.LastIndex(note, "\n\n")
	if split < 0 {
		return 0, nil, errors.New("not a note")
	}
	text, block := note[:split+1], note[split+2:]
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || !strings.HasSuffix(block, "\n") {
		return 0, nil, errors.New("not a checkpoint")
	}
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return 0, nil, errors.New("not a key")
	}
	key, err := unbase64(parts[2], 33)
	if err != nil || key[0] != 1 {
		return 0, nil, errors.New("not an Ed25519 key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if hex.EncodeToString(sum[:4]) != parts[1] || parts[0] != lines[0] {
		return 0, nil, errors.New("not this log's key")
	}
	signed := false
	for _, line := range strings.Split(strings.TrimSuffix(block, "\n"), "\n") {
		name, encoded, found := strings.Cut(strings.TrimPrefix(line, "\u2014 "), " ")
		signature, err := unbase64(encoded, -1)
		if !found || err != nil || !strings.HasPrefix(line, "\u2014 ") || len(signature) < 5 {
			return 0, nil, errors.New("not a signature line")
		}
		if name == parts[0] && bytes.Equal(signature[:4], sum[:4]) {
			if signed || !ed25519.Verify(ed25519.PublicKey(key[1:]), []byte(text), signature[4:]) {
				return 0, nil, errors.New("a false signature")
			}
			signed = true
		}
	}
	if !signed {
		return 0, nil, errors.New("not signed by the key you brought")
	}
	if size, err = number(lines[1]); err != nil {
		return 0, nil, err
	}
	root, err = unbase64(lines[2], 32)
	return size, root, err
}

// ── the tree ──

func leafHash(entry []byte) []byte {
	sum := sha256.Sum256(append([]byte{0}, entry...))
	return sum[:]
}

func nodeHash(left, right []byte) []byte {
	sum := sha256.Sum256(bytes.Join([][]byte{{1}, left, right}, nil))
	return sum[:]
}

// RFC 6962 by its recursive definition: the root of a tree of `size` that has `leaf` at `index`.
func rootFrom(index, size int, leaf []byte, path [][]byte) ([]byte, [][]byte, bool) {
	if size == 1 {
		return leaf, path, true
	}
	k := 1
	for k*2 < size {
		k *= 2
	}
	var found []byte
	var ok bool
	if index < k {
		found, path, ok = rootFrom(index, k, leaf, path)
	} else {
		found, path, ok = rootFrom(index-k, size-k, leaf, path)
	}
	if !ok || len(path) == 0 {
		return nil, nil, false
	}
	if index < k {
		return nodeHash(found, path[0]), path[1:], true
	}
	return nodeHash(path[0], found), path[1:], true
}

func included(index, size int, leaf, root []byte, path [][]byte) bool {
	if index < 0 || index >= size {
		return false
	}
	found, left, ok := rootFrom(index, size, leaf, path)
	return ok && len(left) == 0 && bytes.Equal(found, root)
}

// ── disclosures ──

func checkDisclosure(said entry, index int, d disclosure) error {
	class := -1
	for i, name := range classes {
		if name == d.C {
			class = i
		}
	}
	table, known := fields[said.K]
	if class < 0 || !known || said.S != "fact/1" || d.I != index || len(said.C) != len(classes) {
		return errors.New("a disclosure of something else")
	}
	names := strings.Fields(strings.Split(table, "|")[class])
	if len(names) == 0 {
		names = []string{""}
	}
	position := -1
	for i, name := range names {
		if name == d.F {
			position = i
		}
	}
	root, err := unbase64(said.C[class], 32)
	if position < 0 || err != nil {
		return errors.New("no such field")
	}
	tag, salt, value := "sealgate-ledger/decoy/v1\x00", d.Pad, ""
	if d.V != nil {
		tag, salt, value = "sealgate-ledger/field/v1\x00", d.Salt, *d.V
	}
	if (d.V == nil) != (d.Salt == "") || (d.V == nil) != (d.Pad != "") {
		return errors.New("not a disclosure")
	}
	raw, err := unbase64(salt, 32)
	if err != nil {
		return err
	}
	path := [][]byte{}
	for _, node := range d.Path {
		hash, err := unbase64(node, 32)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	data := append([]byte(tag), byte(len(d.F)))
	data = append(append(append(data, d.F...), raw...), value...)
	if !included(position, len(names), leafHash(data), root, path) {
		return fmt.Errorf("%s.%s of entry %d is not what was committed to", d.C, d.F, index)
	}
	return nil
}

// ── small things, in one spelling ──

func number(text string) (int, error) {
	value, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(value) != text || value < 0 {
		return 0, errors.New("not a plain number")
	}
	return value, nil
}

func unbase64(text string, size int) ([]byte, error) {
	value, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(value) != text || (size >= 0 && len(value) != size) {
		return nil, errors.New("not base64 of this size")
	}
	return value, nil
}
