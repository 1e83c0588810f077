package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// object is a JSON object of which only some keys are known.
type object map[string]any

// object returns the object at a key, nil if there is none. Changes of it are changes of o.
func (o object) object(key string) object {
	switch child := o[key].(type) {
	case object:
		return child
	case map[string]any:
		return child
	}
	return nil
}

// decode reads an object; numbers keep their digits.
func decode(in []byte) (object, error) {
	var o object
	dec := json.NewDecoder(bytes.NewReader(in))
	dec.UseNumber()
	err := dec.Decode(&o)
	return o, err
}

// encode writes an object with sorted keys: the outer levels one key a line, what lies deeper in one line. So a refresh
// gives a difference that can be read, and the file stays small.
func encode(o object, depth int) ([]byte, error) {
	var out bytes.Buffer
	if err := write(&out, o, "", depth); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func write(out *bytes.Buffer, o object, indent string, depth int) error {
	out.WriteString("{\n")
	for i, key := range slices.Sorted(maps.Keys(o)) {
		if i > 0 {
			out.WriteString(",\n")
		}
		name, err := compact(key)
		if err != nil {
			return err
		}
		out.WriteString(indent + " ")
		out.Write(name)
		out.WriteString(": ")
		if child := o.object(key); child != nil && depth > 1 {
			if err := write(out, child, indent+" ", depth-1); err != nil {
				return err
			}
			continue
		}
		value, err := compact(o[key])
		if err != nil {
			return err
		}
		out.Write(value)
	}
	out.WriteString("\n" + indent + "}")
	return nil
}

func compact(value any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
