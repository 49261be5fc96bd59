//! Prints BuildKit's view of Dockerfiles: the tree of one, or a table of many.
//!
//! `dockerfile_dump FILE` prints the tree. `dockerfile_dump --all FOLDER OUT` writes the tree of
//! each file in FOLDER into OUT and prints a line for each: its name, the first error of the
//! parser and the instructions, and the first error of the evaluation without build arguments.
//! `dockerfile_dump --time FOLDER N` parses and expands N files of FOLDER, in turn.
#![expect(clippy::print_stdout, reason = "it prints")]
#![expect(clippy::disallowed_methods, reason = "an example is not part of the pure crate")]

use std::io::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use plimsoll_syntax::dockerfile::{self, Inputs};

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--all", folder, out] => all(Path::new(folder), Path::new(out)),
        ["--time", folder, count] => time(Path::new(folder), count.parse().map_err(Error::other)?),
        [file] => {
            println!("{}", dockerfile::dump(&dockerfile::parse(&read(Path::new(file))?)));
            Ok(())
        }
        _ => Err(Error::other("usage: dockerfile_dump FILE | --all FOLDER OUT | --time FOLDER N")),
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    Ok(String::from_utf8_lossy(&std::fs::read(path)?).into_owned())
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?;
    let mut found = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    found.sort();
    Ok(found)
}

fn all(folder: &Path, out: &Path) -> std::io::Result<()> {
    for path in files(folder)? {
        let file = dockerfile::parse(&read(&path)?);
        let name = path.file_name().unwrap_or_default();
        std::fs::write(out.join(name), dockerfile::dump(&file))?;
        let program = dockerfile::stages(&file);
        let error = file.errors.iter().chain(&program.errors).map(|e| e.message.as_str()).next();
        let evaluation = dockerfile::evaluate(&program, &Inputs::default());
        let value = evaluation.errors.first().map(|e| e.error.message.as_str());
        let name = name.to_string_lossy();
        println!("{name}\t{}\t{}", error.unwrap_or(""), value.unwrap_or(""));
    }
    Ok(())
}

fn time(folder: &Path, count: usize) -> std::io::Result<()> {
    let sources =
        files(folder)?.iter().map(|path| read(path)).collect::<std::io::Result<Vec<_>>>()?;
    let start = Instant::now();
    let mut bytes = 0;
    for source in sources.iter().cycle().take(count) {
        let file = dockerfile::parse(source);
        let program = dockerfile::stages(&file);
        let evaluation = dockerfile::evaluate(&program, &Inputs::default());
        bytes += source.len() + evaluation.errors.len();
    }
    println!("{count} files, {bytes} bytes: {:?}", start.elapsed());
    Ok(())
}
