// What may lie beside the proofs: the certificate of an erasure, and a proof of absence. Written from the handbook, by
// the recursive definitions of RFC 6962, sharing nothing with the product.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

var attached = map[string]bool{
	"absence.json": true, "certificate.txt": true, "erasure.json": true, "report.pdf": true, "tsa-chain.pem": true,
	"tsa.tsr": true, "verify.html": true,
}

func checkBeside(files map[string][]byte, proofs []proof, size int, root []byte, vkey string) error {
	if raw, there := files["erasure.json"]; there {
		if err := checkErasure(raw, proofs, size, root, vkey); err != nil {
			return err
		}
	}
	if raw, there := files["absence.json"]; there {
		return checkAbsence(raw, proofs)
	}
	return nil
}

// ── an erasure ──

type certificate struct {
	Before      string   `json:"before"`
	Consistency []string `json:"consistency"`
	InAll       int      `json:"in_all"`
	Pairs       [][2]int `json:"pairs"`
	Remains     []string `json:"remains"`
	V           int      `json:"v"`
}

type disposal struct {
	D json.RawMessage `json:"d"`
	K string          `json:"k"`
	L *int            `json:"l"`
	O string          `json:"o"`
	P *int            `json:"p"`
	X string          `json:"x"`
}

func checkErasure(raw []byte, proofs []proof, size int, root []byte, vkey string) error {
	var said certificate
	if err := strict(raw, &said); err != nil {
		return err
	}
	before, beforeRoot, err := openNote(said.Before, vkey)
	if err != nil {
		return err
	}
	path := [][]byte{}
	for _, one := range said.Consistency {
		hash, err := unbase64(one, 32)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	if !consistent(before, size, beforeRoot, root, path) {
		return errors.New("the ledger before is not the beginning of this one")
	}
	entries := map[int]disposal{}
	for _, p := range proofs {
		var one disposal
		if err := json.Unmarshal(p.entry, &one); err != nil {
			return err
		}
		entries[p.index] = one
	}
	for _, pair := range said.Pairs {
		order, done := entries[pair[0]], entries[pair[1]]
		if pair[0] < before || order.K != "disposed" || done.K != "disposed" || order.O != "" || done.O != "" ||
			order.P != nil || done.P == nil || *done.P != pair[0] || order.X != done.X ||
			fmt.Sprint(deref(order.L)) != fmt.Sprint(deref(done.L)) || !bytes.Equal(order.D, done.D) {
			return errors.New("not an order and its disposal")
		}
	}
	return nil
}

func deref(leg *int) int {
	if leg == nil {
		return -1
	}
	return *leg
}

// RFC 6962 §2.1.2, read backwards: both roots from one proof.
func consistent(old, size int, oldRoot, root []byte, path [][]byte) bool {
	if old < 1 || old > size {
		return false
	}
	was, is, rest, ok := subproof(old, size, true, oldRoot, path)
	return ok && len(rest) == 0 && bytes.Equal(was, oldRoot) && bytes.Equal(is, root)
}

// The proof goes leaf up, so the deepest node is its first.
func subproof(old, size int, whole bool, oldRoot []byte, path [][]byte) (was, is []byte, rest [][]byte, ok bool) {
	if old == size {
		if whole {
			return oldRoot, oldRoot, path, true
		}
		if len(path) == 0 {
			return nil, nil, nil, false
		}
		return path[0], path[0], path[1:], true
	}
	k := 1
	for k*2 < size {
		k *= 2
	}
	if old <= k {
		was, is, rest, ok = subproof(old, k, whole, oldRoot, path)
		if !ok || len(rest) == 0 {
			return nil, nil, nil, false
		}
		return was, nodeHash(is, rest[0]), rest[1:], true
	}
	was, is, rest, ok = subproof(old-k, size-k, false, oldRoot, path)
	if !ok || len(rest) == 0 {
		return nil, nil, nil, false
	}
	return nodeHash(rest[0], was), nodeHash(rest[0], is), rest[1:], true
}

// ── an absence ──

type absence struct {
	Days      []answer `json:"days"`
	From      string   `json:"from"`
	Recipient string   `json:"recipient"`
	To        string   `json:"to"`
	V         int      `json:"v"`
}

type answer struct {
	Day   string  `json:"day"`
	Key   string  `json:"key"`
	Lines []place `json:"lines"`
	Tick  int     `json:"tick"`
}

type place struct {
	At   int      `json:"at"`
	I    int      `json:"i"`
	Path []string `json:"path"`
	Term string   `json:"term"`
}

type closing struct {
	K string `json:"k"`
	D struct {
		Index *struct {
			Day  string `json:"day"`
			From int    `json:"from"`
			Key  string `json:"key"`
			N    int    `json:"n"`
			Root string `json:"root"`
			To   int    `json:"to"`
		} `json:"index"`
	} `json:"d"`
}

const indexTag = "sealgate-ledger/index/v1\x00"

func checkAbsence(raw []byte, proofs []proof) error {
	var said absence
	if err := strict(raw, &said); err != nil {
		return err
	}
	day, err := time.Parse("2006-01-02", said.From)
	if err != nil {
		return err
	}
	end := -1
	for _, one := range said.Days {
		if one.Day != day.Format("2006-01-02") {
			return errors.New("a day out of turn")
		}
		day = day.AddDate(0, 0, 1)
		var tick closing
		for _, p := range proofs {
			if p.index == one.Tick {
				if err := json.Unmarshal(p.entry, &tick); err != nil {
					return err
				}
			}
		}
		if tick.K != "tick" || tick.D.Index == nil || tick.D.Index.Day != one.Day || (end >= 0 && tick.D.Index.From != end) {
			return errors.New("no proved tick closes the day")
		}
		end = tick.D.Index.To
		if err := checkDay(one, tick, said.Recipient); err != nil {
			return err
		}
	}
	if len(said.Days) == 0 || day.AddDate(0, 0, -1).Format("2006-01-02") != said.To {
		return errors.New("not every day is answered")
	}
	return nil
}

func checkDay(one answer, tick closing, recipient string) error {
	key, err := unbase64(one.Key, 32)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append([]byte(indexTag), key...))
	commitment, err := unbase64(tick.D.Index.Key, 32)
	if err != nil || !bytes.Equal(sum[:], commitment) {
		return errors.New("another key than the day's")
	}
	root, err := unbase64(tick.D.Index.Root, 32)
	if err != nil {
		return err
	}
	count := tick.D.Index.N
	if count == 0 {
		empty := sha256.Sum256(nil)
		if len(one.Lines) != 0 || !bytes.Equal(root, empty[:]) {
			return errors.New("an empty day that is not empty")
		}
		return nil
	}
	asked, err := term(key, recipient)
	if err != nil || len(one.Lines) == 0 {
		return errors.New("nothing is shown of the day")
	}
	var last []byte
	for n, line := range one.Lines {
		found, err := unbase64(line.Term, 32)
		if err != nil {
			return err
		}
		path := [][]byte{}
		for _, node := range line.Path {
			hash, err := unbase64(node, 32)
			if err != nil {
				return err
			}
			path = append(path, hash)
		}
		data := binary.BigEndian.AppendUint64(append([]byte(indexTag), found...), uint64(line.I))
		if !included(line.At, count, leafHash(data), root, path) || line.At != one.Lines[0].At+n {
			return errors.New("a line that is not in its place")
		}
		whole := binary.BigEndian.AppendUint64(append([]byte{}, found...), uint64(line.I))
		if last != nil && bytes.Compare(last, whole) >= 0 {
			return errors.New("lines out of order")
		}
		last = whole
		if n == 0 && bytes.Compare(found, asked) >= 0 && line.At != 0 {
			return errors.New("what stands before is not shown")
		}
		if n == len(one.Lines)-1 && bytes.Compare(found, asked) <= 0 && line.At != count-1 {
			return errors.New("what stands behind is not shown")
		}
	}
	return nil
}

// Go's own library knows no normal forms: other than ASCII is left to the product.
func term(key []byte, recipient string) ([]byte, error) {
	for _, letter := range recipient {
		if letter > 126 {
			return nil, errors.New("not an ASCII address")
		}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("sealgate-ledger/term/v1\x00recipient\x00" + strings.ToLower(strings.TrimSpace(recipient))))
	return mac.Sum(nil), nil
}
