package main

import (
	"fmt"

	"example.com/parcels/internal/parcel"
)

func main() {
	fmt.Println(parcel.State("P-0001"))
}
