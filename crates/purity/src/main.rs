//! Proves that the core runs without std.
//!
//! The crates `kusari-chain` and `kusari-node` promise to hold no I/O, clock, thread or randomness.
//! `#![no_std]` on a crate says so only of that crate: a dependency may still bring std in. This
//! program defines a panic handler and an allocator of its own and links both crates. Where any
//! crate below it uses std, there are two panic handlers, and the build stops and names the crate:
//!
//! ```text
//! error[E0152]: found duplicate lang item `panic_impl`
//!   = note: the lang item is first defined in crate `std` (which `serde` depends on)
//! ```
//!
//! It also runs: it exits with 0 once the chain has computed the hash of the genesis block.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::string::String;
use alloc::vec;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use kusari_chain::{Block, CheckedBlock};
use kusari_node::store::{OutboxWrite, StoreBatch};

/// Memory of the whole program, in bytes; it needs a few KiB.
const ARENA_BYTES: usize = 256 * 1024;

/// Hands out memory upwards and never takes it back.
struct Arena {
    bytes: UnsafeCell<[u8; ARENA_BYTES]>,
    used: AtomicUsize,
}

// SAFETY: `used` only grows, by an atomic step, so no two callers get the same bytes.
unsafe impl Sync for Arena {}

// SAFETY: a block handed out lies within the arena, is aligned as asked, and is never given twice.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.bytes.get().cast::<u8>();
        // Room for the block wherever its aligned start falls.
        let Some(room) = layout.size().checked_add(layout.align()) else {
            return ptr::null_mut();
        };
        let from = self.used.fetch_add(room, Ordering::Relaxed);
        if from.checked_add(room).is_none_or(|end| end > ARENA_BYTES) {
            return ptr::null_mut();
        }
        // SAFETY: `from + room` is within the arena, and aligning takes less than `align` bytes.
        unsafe {
            let block = start.add(from);
            block.add(block.align_offset(layout.align()))
        }
    }

    unsafe fn dealloc(&self, _block: *mut u8, _layout: Layout) {}
}

#[global_allocator]
static ARENA: Arena = Arena { bytes: UnsafeCell::new([0; ARENA_BYTES]), used: AtomicUsize::new(0) };

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// The precompiled core library names std's unwinding routine in its tables. Nothing unwinds here,
/// so it is never called.
// SAFETY: no other crate of this program defines the name; where std does, the build fails anyway.
#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() {}

/// Entry point, called by the C library. The exit code is 0 where the core works.
// SAFETY: the name is the one that the C library calls, and nothing else here has it.
#[unsafe(no_mangle)]
pub extern "C" fn main(_count: i32, _arguments: *const *const u8) -> i32 {
    i32::from(!(chain_works() && node_works()))
}

fn chain_works() -> bool {
    CheckedBlock::check(Block::genesis()).is_ok()
}

fn node_works() -> bool {
    let write = OutboxWrite::Insert { id: 1, text: String::from("hi"), draft: None };
    !StoreBatch { outbox: vec![write], ..StoreBatch::default() }.is_empty()
}
