//! Links the C library, which has the entry code and `memcpy`; std would have brought it along.
fn main() {
    println!("cargo:rustc-link-arg-bins=-lc");
    println!("cargo:rerun-if-changed=build.rs");
}
