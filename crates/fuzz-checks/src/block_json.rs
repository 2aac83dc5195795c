//! A block's JSON: reading never panics, and what was read survives its canonical form.

use kusari_chain::{Block, CheckedBlock};

/// Takes the bytes for the JSON of a block.
pub fn check(json: &[u8]) {
    let Ok(json) = std::str::from_utf8(json) else { return };
    let general = serde_json::from_str::<Block>(json);
    let read = Block::from_json(json);
    assert_eq!(read.as_ref().ok(), general.as_ref().ok(), "two readers say different things");
    let Ok(block) = read else { return };
    let canonical = block.to_canonical_json();
    let line_bytes = "BLOCK:".len() + canonical.len() + "\n".len();
    assert_eq!(block.canonical_line_bytes(), line_bytes, "the line's length is computed wrong");
    let again: Block = serde_json::from_str(&canonical).expect("the canonical form is readable");
    assert_eq!(again, block, "the canonical form changes the block");
    assert_eq!(again.to_canonical_json(), canonical, "a block has two canonical forms");
    if let Ok(checked) = CheckedBlock::check(block.clone()) {
        assert_eq!(checked.block(), &block, "checking changes the block");
        assert_eq!(checked.line_bytes() as usize, line_bytes);
    }
}
