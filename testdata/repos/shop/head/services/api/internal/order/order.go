package order

// Order is what a customer buys.
type Order struct{ ID, Item string }
