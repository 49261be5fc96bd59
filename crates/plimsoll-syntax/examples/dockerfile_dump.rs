//! Prints BuildKit's view of Dockerfiles: the tree of one, or a table of many.
//!
//! `dockerfile_dump FILE` prints the tree. `dockerfile_dump --all FOLDER OUT` writes the tree of
//! each file in FOLDER into OUT, and a line of path and first error to stdout.
#![expect(clippy::print_stdout, reason = "it prints")]
#![expect(clippy::disallowed_methods, reason = "an example is not part of the pure crate")]

use std::path::Path;

use plimsoll_syntax::dockerfile;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--all", folder, out] => all(Path::new(folder), Path::new(out)),
        [file] => {
            let source = std::fs::read_to_string(file)?;
            println!("{}", dockerfile::dump(&dockerfile::parse(&source)));
            Ok(())
        }
        _ => Err(std::io::Error::other("usage: dockerfile_dump FILE | --all FOLDER OUT")),
    }
}

fn all(folder: &Path, out: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let source = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
        let file = dockerfile::parse(&source);
        let name = path.file_name().unwrap_or_default();
        std::fs::write(out.join(name), dockerfile::dump(&file))?;
        let error = file.errors.first().map_or("", |error| error.message.as_str());
        println!("{}\t{error}", name.to_string_lossy());
    }
    Ok(())
}
