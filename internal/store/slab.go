package store

import "math/bits"

const (
	// slabMax is the largest block that stands in a slab with others of its size; larger ones are runs of pages.
	slabMax = pageSize
	// A span is the memory of one slab. The unusable rest is 1,024 bytes at most, 1.6 %.
	spanSize  = 64 << 10
	spanPages = spanSize / pageSize
	// classes are the sizes of blocks in slabs: four to each doubling, in grains.
	classes = 20

	none = -1
)

// fit is the size of a block that has at least size bytes: at most a quarter more, in pages above 4 KiB.
func fit(size int) int {
	if size > slabMax {
		return (size + pageSize - 1) / pageSize * pageSize
	}
	step := max(1<<bits.Len(uint(size-1))>>3, grain)
	return (size + step - 1) / step * step
}

// classOf is the class of a size that fit has returned: 64, 128, 192, 256, 320, 384, 448, 512, 640 and so on.
func classOf(size int) int {
	if size <= 8*grain {
		return size/grain - 1
	}
	order := bits.Len(uint(size-1)) - 1 // 9 for 513 to 1,024
	return 8 + (order-9)*4 + (size-1)>>(order-2)&3
}

func sizeOf(class int) int {
	if class < 8 {
		return (class + 1) * grain
	}
	order, step := (class-8)/4+9, (class-8)%4
	return 1<<order + (step+1)<<(order-2)
}

// slabs hands out blocks of up to 4 KiB. A span has blocks of one class; those that have a free one are on the class's list.
type slabs struct {
	// spans are all that there may be, by the number of their 64 KiB in the mapping.
	spans []span
	lists [classes]int32
}

// span is the slab in one span. A block that is free again begins with the number, plus one, of the next.
type span struct {
	next, prev int32
	class      uint8
	// used are the blocks that are handed out, made those that have been at some time, free the first that is free again.
	used, made, free uint16
}

func (s *slabs) init() {
	for i := range s.lists {
		s.lists[i] = none
	}
}

// take hands out a block.
func (s *slabs) take(p *pages, class int) (block uint32, err error) {
	id := s.lists[class]
	if id == none {
		page, err := p.take(spanPages)
		if err != nil {
			return 0, err
		}
		id = int32(page / spanPages)
		if more := int(id) + 1 - len(s.spans); more > 0 {
			s.spans = append(s.spans, make([]span, more)...)
		}
		s.spans[id] = span{class: uint8(class), next: none, prev: none}
		s.link(id)
	}
	size := sizeOf(class)
	sp := &s.spans[id]
	var i int
	if sp.free != 0 {
		i = int(sp.free) - 1
		b := p.mapping.bytes[int(id)*spanSize+i*size:]
		sp.free = uint16(b[0]) | uint16(b[1])<<8
	} else {
		i = int(sp.made)
		sp.made++
	}
	if sp.used++; int(sp.used) == spanSize/size {
		s.unlink(id)
	}
	return uint32((int(id)*spanSize + i*size) / grain), nil
}

// give takes a block back.
func (s *slabs) give(a *Arena, block uint32, class int) {
	size, at := sizeOf(class), int(block)*grain
	id := int32(at / spanSize)
	sp := &s.spans[id]
	full := int(sp.used) == spanSize/size
	if sp.used--; sp.used == 0 {
		if !full {
			s.unlink(id)
		}
		a.pages.give(uint32(id)*spanPages, spanPages)
		return
	}
	b := a.mapping.bytes[at:]
	b[0], b[1] = byte(sp.free), byte(sp.free>>8)
	sp.free = uint16(at%spanSize/size) + 1
	if full {
		s.link(id)
	}
}

func (s *slabs) link(id int32) {
	sp := &s.spans[id]
	head := &s.lists[sp.class]
	sp.prev, sp.next = none, *head
	if *head != none {
		s.spans[*head].prev = id
	}
	*head = id
}

func (s *slabs) unlink(id int32) {
	sp := &s.spans[id]
	if sp.prev == none {
		s.lists[sp.class] = sp.next
	} else {
		s.spans[sp.prev].next = sp.next
	}
	if sp.next != none {
		s.spans[sp.next].prev = sp.prev
	}
}
