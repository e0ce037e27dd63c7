//! One suite for every store: each function is a test over memory and a test over sled.

/// Makes a test of each function for each keeping of rows.
macro_rules! for_every_store {
    ($($name:ident)*) => {
        mod memory {
            $(#[test]
            fn $name() {
                super::$name(&crate::store::fixture::memory());
            })*
        }
        mod sled {
            $(#[test]
            fn $name() {
                let directory = crate::store::fixture::directory();
                super::$name(&crate::store::fixture::sled(directory.path()));
            })*
        }
    };
}

mod commits;
mod feed;
mod keys;
mod links;
mod lists;
mod owed;
mod repeats;
mod scopes;
