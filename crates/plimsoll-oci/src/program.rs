//! What a program of ELF says it needs, read while it passes.
//!
//! A library may weigh a gigabyte; what is wanted of it is its head, where the names of what it
//! needs mostly stand, and the table that names them, whose place the head tells.

use std::ops::Range;

use object::elf::{self, DynamicTag, FileHeader32, FileHeader64, Machine};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::{Endianness, ReadRef};

/// A program or a library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// The processor it is for, as images name it: `amd64`.
    pub architecture: String,
    /// The program that loads it.
    pub interpreter: Option<String>,
    /// The libraries it names.
    pub needed: Vec<String>,
    /// Where it looks for them, besides the usual folders.
    pub search: Vec<String>,
}

/// How much of a program's beginning is kept.
const HEAD: usize = 4 << 20;
/// How large the table of what it needs may be.
const MOST_TABLE: usize = 1 << 16;
/// How many names of libraries are taken.
const MOST_NEEDED: usize = 512;

/// Keeps of a program what is wanted.
#[derive(Default)]
pub(crate) struct Collector {
    head: Vec<u8>,
    table: Vec<u8>,
    /// Where the table stands in the file, once the head has told.
    range: Option<Range<u64>>,
    seen: u64,
}

/// Whether a file is a program or a library of ELF.
pub(crate) fn is_elf(head: &[u8]) -> bool {
    head.starts_with(&elf::ELFMAG)
}

impl Collector {
    /// Starts anew; what was kept is given up.
    pub(crate) fn clear(&mut self) {
        self.head.clear();
        self.table.clear();
        self.range = None;
        self.seen = 0;
    }

    /// Takes the next bytes of the file.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if self.range.is_none() && self.head.len() >= 4096.min(HEAD) {
            self.range = Some(self.place());
        }
        let here = self.seen..self.seen + bytes.len() as u64;
        if let Some(range) = self.range.clone() {
            let (start, end) = (range.start.max(here.start), range.end.min(here.end));
            if start < end {
                let at = |place: u64| (place - here.start) as usize;
                self.table.extend_from_slice(&bytes[at(start)..at(end)]);
            }
        }
        self.seen = here.end;
    }

    /// What the program says. Nothing where it is none after all.
    pub(crate) fn program(&mut self) -> Option<Program> {
        if self.range.is_none() {
            // All of a small file is its head.
            let range = self.place();
            let all = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
            let (start, end) = all?;
            self.table =
                self.head.get(start..end.min(self.head.len())).unwrap_or_default().to_vec();
            self.range = Some(range);
        }
        match self.is_64() {
            true => self.read::<FileHeader64<Endianness>>(),
            false => self.read::<FileHeader32<Endianness>>(),
        }
    }

    /// The byte after the magic number says how wide the fields are.
    fn is_64(&self) -> bool {
        self.head.get(elf::ELFMAG.len()) == Some(&elf::ELFCLASS64.0)
    }

    fn place(&self) -> Range<u64> {
        let place = match self.is_64() {
            true => self.dynamic::<FileHeader64<Endianness>>(),
            false => self.dynamic::<FileHeader32<Endianness>>(),
        };
        let (start, size) = place.unwrap_or((0, 0));
        start..start.saturating_add(size.min(MOST_TABLE as u64))
    }

    fn dynamic<F: FileHeader<Endian = Endianness>>(&self) -> Option<(u64, u64)> {
        let pieces = Pieces(self);
        let header = F::parse(pieces).ok()?;
        let endian = header.endian().ok()?;
        let segments = header.program_headers(endian, pieces).ok()?;
        let dynamic = segments.iter().find(|s| s.p_type(endian) == elf::PT_DYNAMIC)?;
        Some((dynamic.p_offset(endian).into(), dynamic.p_filesz(endian).into()))
    }

    fn read<F: FileHeader<Endian = Endianness>>(&self) -> Option<Program> {
        let pieces = Pieces(self);
        let header = F::parse(pieces).ok()?;
        let endian = header.endian().ok()?;
        let kind = header.e_type(endian);
        if kind != elf::ET_EXEC && kind != elf::ET_DYN {
            return None;
        }
        let mut program = Program {
            architecture: architecture(header.e_machine(endian), endian),
            ..Program::default()
        };
        let segments = header.program_headers(endian, pieces).unwrap_or_default();
        for segment in segments {
            if let Ok(Some(name)) = segment.interpreter(endian, pieces) {
                program.interpreter = Some(String::from_utf8_lossy(name).into_owned());
            }
            if let Ok(Some(entries)) = segment.dynamic(endian, pieces) {
                let entries: Vec<(DynamicTag, u64)> = entries
                    .iter()
                    .map(|entry| (entry.d_tag(endian), entry.d_val(endian).into()))
                    .take_while(|(tag, _)| *tag != elf::DT_NULL)
                    .collect();
                self.names::<F>(endian, segments, &entries, &mut program);
            }
        }
        Some(program)
    }

    fn names<F: FileHeader<Endian = Endianness>>(
        &self,
        endian: Endianness,
        segments: &[F::ProgramHeader],
        entries: &[(DynamicTag, u64)],
        program: &mut Program,
    ) {
        let address = entries.iter().find(|(tag, _)| *tag == elf::DT_STRTAB);
        let Some((_, address)) = address else { return };
        let offset = segments.iter().find_map(|segment| {
            let (start, size): (u64, u64) =
                (segment.p_vaddr(endian).into(), segment.p_filesz(endian).into());
            let into = address.checked_sub(start).filter(|into| *into < size)?;
            (segment.p_type(endian) == elf::PT_LOAD)
                .then(|| into.checked_add(segment.p_offset(endian).into()))?
        });
        let Some(offset) = offset else { return };
        let name = |at: u64| -> Option<String> {
            let from = usize::try_from(offset.checked_add(at)?).ok()?;
            let rest = self.head.get(from..)?;
            let end = rest.iter().take(4096).position(|byte| *byte == 0)?;
            Some(String::from_utf8_lossy(&rest[..end]).into_owned())
        };
        for (tag, at) in entries {
            match *tag {
                elf::DT_NEEDED if program.needed.len() < MOST_NEEDED => {
                    program.needed.extend(name(*at));
                }
                elf::DT_RPATH | elf::DT_RUNPATH => {
                    let path = name(*at).unwrap_or_default();
                    program.search.extend(path.split(':').map(str::to_owned));
                }
                _ => {}
            }
        }
    }
}

/// The kept parts of a file, read as if all of it were there.
#[derive(Clone, Copy)]
struct Pieces<'c>(&'c Collector);

impl<'c> ReadRef<'c> for Pieces<'c> {
    fn len(self) -> Result<u64, ()> {
        Ok(self.0.seen.max(self.0.head.len() as u64))
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'c [u8], ()> {
        let part = |bytes: &'c [u8], from: u64| {
            let start = usize::try_from(offset.checked_sub(from)?).ok()?;
            bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
        };
        let head = part(&self.0.head, 0);
        let table = || {
            let range = self.0.range.as_ref()?;
            part(&self.0.table, range.start)
        };
        head.or_else(table).ok_or(())
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'c [u8], ()> {
        let start = usize::try_from(range.start).map_err(drop)?;
        let rest = self.0.head.get(start..).ok_or(())?;
        let end = rest.iter().position(|byte| *byte == delimiter).ok_or(())?;
        Ok(&rest[..end])
    }
}

fn architecture(machine: Machine, endian: Endianness) -> String {
    let little = endian == Endianness::Little;
    match machine {
        elf::EM_X86_64 => "amd64",
        elf::EM_386 => "386",
        elf::EM_AARCH64 => "arm64",
        elf::EM_ARM => "arm",
        elf::EM_RISCV => "riscv64",
        elf::EM_S390 => "s390x",
        elf::EM_PPC64 if little => "ppc64le",
        elf::EM_PPC64 => "ppc64",
        elf::EM_LOONGARCH => "loong64",
        elf::EM_MIPS if little => "mips64le",
        other => return format!("ELF machine {}", other.0),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8], step: usize) -> Option<Program> {
        let mut collector = Collector::default();
        bytes.chunks(step).for_each(|chunk| collector.add(chunk));
        collector.program()
    }

    #[test]
    fn this_test_needs_the_c_library() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let program = of(&bytes, 65_536).unwrap();
        assert_eq!(program.architecture, crate::Platform::native().architecture);
        assert!(program.needed.iter().any(|name| name.starts_with("libc.so")), "{program:?}");
        assert!(program.interpreter.as_deref().unwrap().contains("/ld-"), "{program:?}");
        assert_eq!(of(&bytes, 1_000), Some(program));
    }

    #[test]
    fn any_bytes_are_a_program_or_not() {
        let whole = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let bytes = &whole[..whole.len().min(20_000)];
        for at in 0..1_500 {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = bytes.to_vec();
                changed[at] = value;
                let _ = of(&changed, 4_096);
            }
            let _ = of(&bytes[..at], 64);
        }
    }
}
