//! Whether anybody still reads what a stream is written to.

/// Whether nobody can read any more what is written to this stream: the other end of its pipe, or of its connection, is
/// closed. A writer that has nothing to say hears of that in no other way.
#[cfg(unix)]
pub fn nobody_reads(stream: &impl std::os::fd::AsFd) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut asked = [PollFd::new(stream, PollFlags::OUT)];
    let answered = poll(&mut asked, Some(&now)).is_ok();
    answered && asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Windows has no such question to a pipe: there a reader's end shows with the next thing that is written.
#[cfg(not(unix))]
pub fn nobody_reads<T>(_: &T) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_has_no_reader_and_a_file_needs_none() {
        let (reader, writer) = std::io::pipe().unwrap();
        assert!(!nobody_reads(&writer));
        drop(reader);
        assert!(nobody_reads(&writer));
        assert!(!nobody_reads(&tempfile::tempfile().unwrap()));
    }
}
