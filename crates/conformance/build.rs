//! Packs the suites, which become part of the program.

use std::path::PathBuf;
use std::{env, error, fs};

use miniz_oxide::deflate::compress_to_vec;

/// How hard to pack: more takes longer and saves little.
const LEVEL: u8 = 6;

#[expect(clippy::disallowed_methods, reason = "so Cargo tells a build script where to write")]
fn main() -> Result<(), Box<dyn error::Error>> {
    let suites = "../../conformance";
    println!("cargo::rerun-if-changed={suites}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("Cargo says no OUT_DIR")?);
    // A suite that is gone must not be built in from before.
    for before in fs::read_dir(&out)? {
        fs::remove_file(before?.path())?;
    }
    for entry in fs::read_dir(suites)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_stem().ok_or("a file without a name")?;
            fs::write(out.join(name), compress_to_vec(&fs::read(&path)?, LEVEL))?;
        }
    }
    Ok(())
}
