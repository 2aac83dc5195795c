//! What a try costs, by kernel and length of data.

use divan::{Bencher, counter::ItemsCount};
use kusari_chain::{Block, Target};
use kusari_miner::{Kernel, Search};

/// Tries of one sample.
const NONCES: u64 = 9_600;

fn main() {
    divan::main();
}

fn kernels() -> impl Iterator<Item = &'static str> {
    Kernel::available().map(Kernel::name)
}

/// 0 bytes of data make one block of SHA-256, 40 two, 300 six.
#[divan::bench(args = kernels(), consts = [0, 40, 300])]
fn tries<const BYTES: usize>(bencher: Bencher, kernel: &str) {
    let mut block = Block::genesis();
    block.transactions.clear();
    block.data = "x".repeat(BYTES);
    // No hash meets this target, so every sample tries all its nonces.
    let never = Target::from_be_bytes([0; 32]);
    let kernel = Kernel::named(kernel).unwrap_or(Kernel::fastest());
    let mut search = Search::with_kernel(&block, never, kernel);
    bencher.counter(ItemsCount::new(NONCES)).bench_local(|| search.try_nonces(0, NONCES));
}

/// What a block costs before its first try.
#[divan::bench(consts = [0, 40, 300])]
fn prepare<const BYTES: usize>(bencher: Bencher) {
    let mut block = Block::genesis();
    block.data = "x".repeat(BYTES);
    bencher.bench_local(|| Search::new(&block, Target::CLASSIC));
}
