package transfer

import (
	"math/bits"

	"github.com/tonistiigi/fsutil/types"
)

const (
	// chunk is the size of the buffer that fsutil's sender reads files into (fsutil send.go, bufPool): one DATA
	// packet each.
	chunk = 32 << 10
	// finPacket is the size of PACKET_FIN, which ends a transfer. The packet that ends the list of STATs is empty:
	// its type is the zero value and its size 0.
	finPacket = 2
)

// statBytes is the size of the STAT packet of an entry (fsutil send.go, sender.walk), in bytes.
func statBytes(stat *types.Stat) int64 {
	p := types.Packet{Type: types.PACKET_STAT, Stat: stat}
	return int64(p.SizeVT())
}

// dataBytes is the size of all DATA packets of a regular file of size bytes that is the id-th entry of its transfer,
// the empty packet at its end included (fsutil send.go, sender.sendFile).
func dataBytes(id uint32, size int64) int64 {
	header := int64(2) // the packet's type
	if id != 0 {
		header += 1 + varintBytes(uint64(id))
	}
	total := size / chunk * (header + fieldBytes(chunk))
	if rest := size % chunk; rest > 0 {
		total += header + fieldBytes(rest)
	}
	return total + header
}

// fieldBytes is the size of a length-delimited protobuf field that holds n bytes.
func fieldBytes(n int64) int64 { return 1 + varintBytes(uint64(n)) + n }

// varintBytes is the size of a protobuf varint.
func varintBytes(v uint64) int64 { return int64(bits.Len64(v|1)+6) / 7 }
