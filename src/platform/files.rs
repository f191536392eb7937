//! Reading and writing the few files we touch: whole or not at all, capped, and with errors in plain words.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

/// Who may read a file that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Only this account (mode 0600 on Unix; folders that are made for it 0700).
    OnlyMe,
    /// Whoever the account's own settings (the umask) let read.
    Usual,
}

/// Whether a file that holds something else may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Leave it alone and say so.
    Refuse,
    /// The person said yes.
    Allow,
}

/// What [`write_new_or_same`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// There was no such file before.
    New,
    /// The file already held exactly this and was not touched.
    Same,
    /// The file held something else and was replaced, as allowed.
    Replaced,
}

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{} {}: {problem}", if *.writing { "Could not write" } else { "Could not read" }, shown(path))]
pub struct FileError {
    /// The file that it is about.
    pub path: PathBuf,
    /// Whether it was to be written, not read.
    pub writing: bool,
    /// What stood in the way.
    pub problem: Problem,
}

/// What stood in the way of reading or writing a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The account lacks the right.
    NoRight,
    /// The disk, or this account's share of it, is full.
    DiskFull,
    /// The path names a folder.
    IsFolder,
    /// A part of the path that should be a folder is something else.
    NotAFolder,
    /// There is no such file.
    Missing,
    /// The folder that the file is to be in is not there.
    NoFolder,
    /// The disk can only be read.
    ReadOnlyDisk,
    /// Another file of that name, with another content, is already there.
    Exists,
    /// A file is there that is not of the kind that would be written over it.
    AnotherKind,
    /// The file is longer than what we are ready to read, in bytes.
    TooLarge(u64),
    /// The content is not UTF-8 text.
    NotText,
    /// The system does not accept such a name.
    BadName,
    /// Anything else, in the system's own words.
    Other(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRight => f.write_str("this account has no right to do that there."),
            Self::DiskFull => f.write_str("the disk is full."),
            Self::IsFolder => f.write_str("this is a folder, not a file."),
            Self::NotAFolder => f.write_str("a part of this path is not a folder."),
            Self::Missing => f.write_str("there is no such file."),
            Self::NoFolder => f.write_str("the folder that it is to be in is not there."),
            Self::ReadOnlyDisk => f.write_str("this disk can only be read."),
            Self::Exists => f.write_str("a different file of that name is already there."),
            Self::AnotherKind => f.write_str("a file of that name is there, and it is no recording of ours."),
            Self::TooLarge(limit) => write!(f, "it is larger than {limit} bytes, so it is not one of ours."),
            Self::NotText => f.write_str("it is not a text file."),
            Self::BadName => f.write_str("the system does not accept this name."),
            Self::Other(words) => write!(f, "{words}."),
        }
    }
}

impl From<&io::Error> for Problem {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::PermissionDenied => Self::NoRight,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            ErrorKind::IsADirectory => Self::IsFolder,
            ErrorKind::NotADirectory => Self::NotAFolder,
            ErrorKind::NotFound => Self::Missing,
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnlyDisk,
            ErrorKind::AlreadyExists => Self::Exists,
            ErrorKind::InvalidFilename | ErrorKind::InvalidInput => Self::BadName,
            _ => Self::Other(error.to_string()),
        }
    }
}

/// Reads a text file of at most `limit` bytes. A file that is not there is `None`, not an error.
pub fn read_text(path: &Path, limit: u64) -> Result<Option<String>, FileError> {
    match read_bytes(path, limit) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(reading(path, Problem::NotText)),
        },
        Err(Problem::Missing) => Ok(None),
        Err(problem) => Err(reading(path, problem)),
    }
}

/// Writes a whole file, or leaves what was there: the content goes into a file beside it, is brought to the
/// disk and then takes the name. Folders on the way are made. A link is followed, not replaced.
pub fn write_whole(path: &Path, content: &[u8], readers: Readers) -> Result<(), FileError> {
    let target = resolved(path);
    let staged = stage(&target, content, readers).map_err(|problem| writing(path, problem))?;
    staged.persist(&target).map_err(|error| writing(path, Problem::from(&error.error)))?;
    Ok(())
}

/// Whether [`write_whole`] could write this file now, tried without leaving anything behind. Folders that it would have
/// to make are not made: the nearest one that is there has to take them.
pub fn try_writing(path: &Path) -> Result<(), FileError> {
    let target = resolved(path);
    let refused = |error: &io::Error| writing(path, Problem::from(error));
    match fs::metadata(&target) {
        Ok(found) if found.is_dir() => return Err(writing(path, Problem::IsFolder)),
        Ok(found) if !found.is_file() => {
            return Err(writing(path, Problem::Other("this is not a usual file".to_owned())));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(refused(&error)),
    }
    let mut folder = target.parent().unwrap_or(Path::new("."));
    while !folder.as_os_str().is_empty() && !folder.exists() {
        folder = folder.parent().unwrap_or(Path::new("."));
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    tempfile::tempfile_in(folder).map(drop).map_err(|error| refused(&error))
}

/// Writes a file for the person to keep. A file that already holds exactly this is left untouched; one that
/// holds anything else is replaced only if `overwrite` allows it ([`Problem::Exists`] otherwise).
pub fn write_new_or_same(
    path: &Path,
    content: &[u8],
    readers: Readers,
    overwrite: Overwrite,
) -> Result<Written, FileError> {
    let limit = u64::try_from(content.len()).unwrap_or(u64::MAX);
    match read_bytes(path, limit) {
        Ok(present) if present == content => return Ok(Written::Same),
        Ok(_) | Err(Problem::TooLarge(_)) => {
            if overwrite == Overwrite::Refuse {
                return Err(writing(path, Problem::Exists));
            }
            write_whole(path, content, readers)?;
            return Ok(Written::Replaced);
        }
        Err(Problem::Missing) => {}
        Err(problem) => return Err(writing(path, problem)),
    }
    let target = resolved(path);
    let staged = stage(&target, content, readers).map_err(|problem| writing(path, problem))?;
    // Somebody may have made the file since we looked.
    staged.persist_noclobber(&target).map_err(|error| writing(path, Problem::from(&error.error)))?;
    Ok(Written::New)
}

/// Opens a file to be written bit by bit, for a recording; only this account may read it. A recording that it held before,
/// which begins like `ours`, is gone; anything else is left alone. Its folder has to be there: a slip in a path that was
/// typed must neither make folders nor cost somebody a file.
pub fn start_recording(path: &Path, ours: &[u8]) -> Result<File, FileError> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| match at_path(path, &error) {
        Problem::Missing => writing(path, Problem::NoFolder),
        problem => writing(path, problem),
    })?;
    match emptied(&mut file, ours) {
        Ok(true) => Ok(file),
        Ok(false) => Err(writing(path, Problem::AnotherKind)),
        Err(error) => Err(writing(path, Problem::from(&error))),
    }
}

/// Empties a file that begins like `ours`, or is empty; one that holds something else stays as it is. What is no usual file,
/// such as a device, holds nothing to lose.
fn emptied(file: &mut File, ours: &[u8]) -> io::Result<bool> {
    let found = file.metadata()?;
    if !found.is_file() {
        return Ok(true);
    }
    let mut begins = Vec::new();
    let length = u64::try_from(ours.len()).unwrap_or(u64::MAX);
    Read::by_ref(file).take(length).read_to_end(&mut begins)?;
    if !begins.is_empty() && begins != ours {
        return Ok(false);
    }
    // Private before anything is written into it: whoever made it may have let everybody read.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.set_len(0)?;
    file.rewind()?;
    Ok(true)
}

/// A folder in the system's place for passing things, which only this account may enter. It goes with this value.
#[derive(Debug)]
pub struct PassingFolder(TempDir);

impl PassingFolder {
    /// Makes one.
    pub fn new() -> Result<Self, FileError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("handclasp-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        builder.tempdir().map(Self).map_err(|error| writing(Path::new("a folder"), Problem::from(&error)))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Problem> {
    let file = File::open(path).map_err(|error| at_path(path, &error))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| at_path(path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        Ok(bytes)
    } else {
        Err(Problem::TooLarge(limit))
    }
}

fn stage(target: &Path, content: &[u8], readers: Readers) -> Result<NamedTempFile, Problem> {
    if target.is_dir() {
        return Err(Problem::IsFolder);
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    make_folder(folder, readers).map_err(|error| match Problem::from(&error) {
        // A file stands where the folder should be.
        Problem::Exists => Problem::NotAFolder,
        problem => problem,
    })?;
    let staged = (|| {
        let mut staged = new_file_in(folder, readers)?;
        staged.write_all(content)?;
        staged.as_file().sync_all()?;
        Ok(staged)
    })();
    staged.map_err(|error: io::Error| Problem::from(&error))
}

/// Where a link leads, so that a person's linked settings stay linked.
fn resolved(path: &Path) -> PathBuf {
    if path.is_symlink() {
        fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    } else {
        path.to_owned()
    }
}

#[cfg(unix)]
fn make_folder(folder: &Path, readers: Readers) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let mode = if readers == Readers::OnlyMe { 0o700 } else { 0o777 };
    fs::DirBuilder::new().recursive(true).mode(mode).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path, _: Readers) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn new_file_in(folder: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if readers == Readers::OnlyMe { 0o600 } else { 0o666 };
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(mode)).tempfile_in(folder)
}

#[cfg(not(unix))]
fn new_file_in(folder: &Path, _: Readers) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// Opening a folder is refused as "no right" on Windows; say what it is.
fn at_path(path: &Path, error: &io::Error) -> Problem {
    if path.is_dir() { Problem::IsFolder } else { Problem::from(error) }
}

fn reading(path: &Path, problem: Problem) -> FileError {
    FileError { path: path.to_owned(), writing: false, problem }
}

fn writing(path: &Path, problem: Problem) -> FileError {
    FileError { path: path.to_owned(), writing: true, problem }
}

/// A path for a sentence: file names may hold control characters, a terminal must not get them.
fn shown(path: &Path) -> String {
    path.to_string_lossy().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_written_is_known_before_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::write(&taken, "x").unwrap();
        try_writing(&taken).unwrap();
        try_writing(&folder.path().join("new/deep/file.toml")).unwrap();
        assert_eq!(try_writing(folder.path()).unwrap_err().problem, Problem::IsFolder);
        #[cfg(unix)]
        assert_eq!(try_writing(&taken.join("file.toml")).unwrap_err().problem, Problem::NotAFolder);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    fn place() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn what_is_written_is_read_and_folders_are_made() {
        let place = place();
        let path = place.path().join("deep/er/choices.toml");
        assert_eq!(read_text(&path, 100).unwrap(), None);
        write_whole(&path, b"app = 1", Readers::OnlyMe).unwrap();
        write_whole(&path, b"app = 2", Readers::OnlyMe).unwrap();
        assert_eq!(read_text(&path, 100).unwrap().as_deref(), Some("app = 2"));
        let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "no working file is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let place = place();
        let path = place.path().join("mine/choices.toml");
        write_whole(&path, b"x", Readers::OnlyMe).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let usual = place.path().join("report.json");
        write_whole(&usual, b"x", Readers::Usual).unwrap();
        fs::write(place.path().join("reference"), b"x").unwrap();
        assert_eq!(mode(&usual), mode(&place.path().join("reference")));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let place = place();
        let real = place.path().join("real.toml");
        let link = place.path().join("link.toml");
        fs::write(&real, b"old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_whole(&link, b"new", Readers::OnlyMe).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn a_different_file_is_replaced_only_when_allowed() {
        let place = place();
        let path = place.path().join("hello.swagger.json");
        let write = |content: &[u8], overwrite| write_new_or_same(&path, content, Readers::Usual, overwrite);
        assert_eq!(write(b"one", Overwrite::Refuse).unwrap(), Written::New);
        assert_eq!(write(b"one", Overwrite::Refuse).unwrap(), Written::Same);
        for different in [&b"other"[..], b"on", b"o"] {
            assert_eq!(write(different, Overwrite::Refuse).unwrap_err().problem, Problem::Exists);
        }
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(write(b"two", Overwrite::Allow).unwrap(), Written::Replaced);
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }

    #[test]
    fn size_and_text_are_checked_while_reading() {
        let place = place();
        let path = place.path().join("file");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap().as_deref(), Some("12345"));
        assert_eq!(read_text(&path, 4).unwrap_err().problem, Problem::TooLarge(4));
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(read_text(&path, 5).unwrap_err().problem, Problem::NotText);
    }

    #[test]
    fn a_folder_in_the_way_is_named_as_such() {
        let place = place();
        assert_eq!(read_text(place.path(), 5).unwrap_err().problem, Problem::IsFolder);
        let error = write_whole(place.path(), b"x", Readers::OnlyMe).unwrap_err();
        assert_eq!(error.problem, Problem::IsFolder);
        let error = write_new_or_same(place.path(), b"x", Readers::Usual, Overwrite::Allow).unwrap_err();
        assert_eq!(error.problem, Problem::IsFolder);
    }

    #[test]
    fn a_file_where_a_folder_should_be_is_named_as_such() {
        let place = place();
        fs::write(place.path().join("file"), b"x").unwrap();
        let below = place.path().join("file").join("choices.toml");
        let error = write_whole(&below, b"x", Readers::OnlyMe).unwrap_err();
        assert_eq!(error.problem, Problem::NotAFolder);
    }

    #[test]
    fn the_system_s_reasons_become_ours() {
        for (kind, problem) in [
            (ErrorKind::PermissionDenied, Problem::NoRight),
            (ErrorKind::StorageFull, Problem::DiskFull),
            (ErrorKind::QuotaExceeded, Problem::DiskFull),
            (ErrorKind::ReadOnlyFilesystem, Problem::ReadOnlyDisk),
            (ErrorKind::NotFound, Problem::Missing),
            (ErrorKind::InvalidFilename, Problem::BadName),
        ] {
            assert_eq!(Problem::from(&io::Error::from(kind)), problem);
        }
        let other = Problem::from(&io::Error::other("the tape tore"));
        assert_eq!(other, Problem::Other("the tape tore".to_owned()));
    }

    #[test]
    fn an_error_is_a_sentence_without_control_characters() {
        let error = writing(Path::new("a\u{1b}[2J"), Problem::NoRight);
        assert_eq!(
            error.to_string(),
            "Could not write a\u{fffd}[2J: this account has no right to do that there."
        );
        let error = reading(Path::new("a"), Problem::TooLarge(9));
        assert_eq!(
            error.to_string(),
            "Could not read a: it is larger than 9 bytes, so it is not one of ours."
        );
    }

    #[test]
    fn a_recording_replaces_an_earlier_one_and_makes_no_folder() {
        let place = place();
        let start = |path: &Path| start_recording(path, b"{log:");
        let below = place.path().join("new/run.har");
        assert_eq!(start(&below).unwrap_err().problem, Problem::NoFolder);
        assert!(!place.path().join("new").exists());
        let path = place.path().join("run.har");
        start(&path).unwrap().write_all(b"{log: long before}").unwrap();
        start(&path).unwrap().write_all(b"{log: }").unwrap();
        assert_eq!(read_text(&path, 100).unwrap().as_deref(), Some("{log: }"));
        assert_eq!(start(place.path()).unwrap_err().problem, Problem::IsFolder);
        for other in ["app = 1\n", "{lo", "{\"x\": 1}"] {
            fs::write(&path, other).unwrap();
            assert_eq!(start(&path).unwrap_err().problem, Problem::AnotherKind, "{other}");
            assert_eq!(read_text(&path, 100).unwrap().as_deref(), Some(other), "it is left as it was");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_recording_is_private_whoever_made_its_file() {
        use std::os::unix::fs::PermissionsExt;
        let place = place();
        for (name, holds) in [("empty.har", ""), ("earlier.har", "{log: }")] {
            let path = place.path().join(name);
            fs::write(&path, holds).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            start_recording(&path, b"{log:").unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_passing_folder_goes_with_what_is_in_it() {
        let folder = PassingFolder::new().unwrap();
        let path = folder.path().to_owned();
        write_whole(&path.join("cloud.toml"), b"x", Readers::OnlyMe).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        }
        drop(folder);
        assert!(!path.exists());
    }
}
