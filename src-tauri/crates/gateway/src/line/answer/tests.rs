use proptest::prelude::*;

use super::*;

/// What is made of bytes that come in these pieces before the connection is closed: the status, whether it is kept and the
/// body, if it is whole.
fn read_in(pieces: &[&[u8]]) -> Option<(u16, bool, Vec<u8>)> {
    let mut pieces = pieces.iter();
    let mut read = Bytes::new();
    let mut more = |read: &mut Bytes| {
        let next = pieces.find(|piece| !piece.is_empty())?;
        *read = [read, *next].concat().into();
        Some(())
    };
    let mut head = loop {
        match read_head(&read).ok()? {
            Some((head, length)) => {
                read.advance(length);
                if let Some(head) = head {
                    break head;
                }
            }
            None => more(&mut read)?,
        }
    };
    let mut body = Vec::new();
    loop {
        match head.framing.take(&mut read).ok()? {
            Taken::Bytes(bytes) => body.extend(bytes),
            Taken::End => break,
            Taken::Nothing => {
                if more(&mut read).is_none() {
                    if head.framing.ends_with_the_connection() {
                        break;
                    }
                    return None;
                }
            }
        }
    }
    // What follows it is nobody's.
    let is_kept = head.is_kept && read.is_empty();
    Some((head.response.status().as_u16(), is_kept, body))
}

fn read(answer: &str) -> Option<(u16, bool, String)> {
    let (status, is_kept, body) = read_in(&[answer.as_bytes()])?;
    Some((status, is_kept, String::from_utf8(body).unwrap()))
}

fn answer(status: u16, is_kept: bool, body: &str) -> Option<(u16, bool, String)> {
    Some((status, is_kept, body.to_owned()))
}

#[test]
fn a_body_ends_where_its_head_says() {
    for (told, made) in [
        (
            "200 OK\r\ncontent-length: 2\r\n\r\nhi",
            answer(200, true, "hi"),
        ),
        (
            "200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nhi",
            answer(200, true, "hi"),
        ),
        (
            "200 OK\r\ncontent-length: 2\r\n\r\nhi and more",
            answer(200, false, "hi"),
        ),
        (
            "200 OK\r\ncontent-length: 2\r\nconnection: Keep-Alive, Close\r\n\r\nhi",
            answer(200, false, "hi"),
        ),
        ("204 No Content\r\n\r\n", answer(204, true, "")),
        (
            "304 Not Modified\r\ncontent-length: 9\r\n\r\n",
            answer(304, true, ""),
        ),
        ("200 OK\r\n\r\nto the end", answer(200, false, "to the end")),
        ("200\r\ncontent-length: 0\r\n\r\n", answer(200, true, "")),
        (
            "200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nhi\r\n6;of=two\r\n there\r\n0\r\n\r\n",
            answer(200, true, "hi there"),
        ),
        (
            "200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-late: 1\r\n\r\n",
            answer(200, true, "hi"),
        ),
    ] {
        assert_eq!(read(&format!("HTTP/1.1 {told}")), made, "{told}");
    }
    let first = "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi";
    assert_eq!(read(first), answer(200, false, "hi"));
}

#[test]
fn what_only_says_that_there_will_be_an_answer_is_none() {
    let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n";
    let late = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nhi";
    assert_eq!(read(&format!("{early}{late}")), answer(201, true, "hi"));
    let switched = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    assert_eq!(read(switched), answer(101, false, ""));
}

#[test]
fn what_breaks_off_or_can_be_read_in_more_than_one_way_is_no_answer() {
    for told in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 99 OK\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi!",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi!\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\ntwo\r\nhi\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-late: 1\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n\r\n1\r\n!\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n;x=y\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n 2\r\nhi\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x\ny\r\nhi\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-late: 1\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n  \r\n",
        "HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n",
    ] {
        assert_eq!(read(told), None, "{told:?}");
    }
}

#[test]
fn nobody_is_read_without_end() {
    let long = "x".repeat(LONGEST);
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for told in [
        format!("HTTP/1.1 200 OK\r\nx: {long}\r\ncontent-length: 0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nx: {long}"),
        format!("{chunked}0\r\nx: {long}\r\n\r\n"),
        format!("{chunked}0\r\n{}\r\n", "x: y\r\n".repeat(LONGEST / 4)),
        format!("{chunked}0\r\n{long}"),
    ] {
        assert_eq!(read(&told), None, "{}", &told[..80]);
    }
}

proptest! {
    /// In whatever pieces an answer comes, the same is made of it.
    #[test]
    fn pieces_make_no_difference(
        chunks in prop::collection::vec("[ -~]{1,40}", 0..6),
        is_chunked in any::<bool>(),
        cuts in prop::collection::vec(0_usize..400, 0..12),
    ) {
        let body = chunks.concat();
        let told = if is_chunked {
            let chunks = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()));
            format!("transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", chunks.collect::<String>())
        } else {
            format!("content-length: {}\r\n\r\n{body}", body.len())
        };
        let told = format!("HTTP/1.1 200 OK\r\n{told}");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(told.len())).collect();
        cuts.sort_unstable();
        let ends = cuts.iter().copied().chain([told.len()]);
        let begins = [0].into_iter().chain(cuts.iter().copied());
        let pieces: Vec<&[u8]> = begins.zip(ends).map(|(from, to)| &told.as_bytes()[from..to]).collect();
        prop_assert_eq!(read_in(&pieces), Some((200, true, body.into_bytes())));
    }

    /// Whatever comes, nothing panics.
    #[test]
    fn any_bytes_are_read_or_refused(told in prop::collection::vec(any::<u8>(), 0..300)) {
        read_in(&[&told]);
        read_in(&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", &told]);
    }
}
