// Command tar-reference says, as JSON, what Go's archive/tar finds in tars: that is what unpacks images in every engine. It
// takes a list of paths on standard input and gives one answer for each on standard output. It is a tool of the tests only.
package main

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
)

// An entry whose content was read to its end. Numbers are text: they have 64 bits; names are base64: they are bytes.
type entry struct {
	Name       string            `json:"name"`
	Link       string            `json:"link"`
	Type       string            `json:"type"`
	Mode       string            `json:"mode"`
	Uid        string            `json:"uid"`
	Gid        string            `json:"gid"`
	Device     string            `json:"device"`
	Attributes map[string]string `json:"attributes"`
	Bytes      int64             `json:"bytes"`
	Digest     string            `json:"digest"`
}

type answer struct {
	Entries []entry `json:"entries"`
	// Why nothing after the entries is read; empty at the end of the tar.
	Error string `json:"error"`
}

const attributePrefix = "SCHILY.xattr."

func text(number int64) string { return strconv.FormatInt(number, 10) }

func bytesOf(name string) string { return base64.StdEncoding.EncodeToString([]byte(name)) }

func entryOf(header *tar.Header, content io.Reader) (entry, error) {
	hash := sha256.New()
	count, err := io.Copy(hash, content)
	attributes := map[string]string{}
	for key, value := range header.PAXRecords {
		if strings.HasPrefix(key, attributePrefix) && value != "" {
			attributes[strings.TrimPrefix(key, attributePrefix)] = bytesOf(value)
		}
	}
	return entry{
		Name: bytesOf(header.Name), Link: bytesOf(header.Linkname), Type: string(rune(header.Typeflag)),
		Mode: text(header.Mode), Uid: text(int64(header.Uid)), Gid: text(int64(header.Gid)),
		Device:     text(header.Devmajor) + ":" + text(header.Devminor),
		Attributes: attributes, Bytes: count, Digest: hex.EncodeToString(hash.Sum(nil)),
	}, err
}

// read gives what an unpacker would have when it stops.
func read(path string) answer {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	reader := tar.NewReader(bufio.NewReader(file))
	found := []entry{}
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return answer{Entries: found}
		}
		if err != nil {
			return answer{Entries: found, Error: err.Error()}
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		one, err := entryOf(header, reader)
		if err != nil {
			return answer{Entries: found, Error: err.Error()}
		}
		found = append(found, one)
	}
}

func main() {
	var paths []string
	if err := json.NewDecoder(os.Stdin).Decode(&paths); err != nil {
		panic(err)
	}
	answers := make([]answer, 0, len(paths))
	for _, path := range paths {
		answers = append(answers, read(path))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
