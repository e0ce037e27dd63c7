//! One integration binary: what the parts of the server promise each other, tested from outside.

mod store;
