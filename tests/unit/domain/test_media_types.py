"""What a file is, and what is not taken whatever it is called."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain import media_types
from shared.domain.media_types import HEAD_BYTES, KNOWN, UnacceptableFile

ZIP = b"PK\x03\x04\x14\x00"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8)
PROGRAM = b"MZ\x90\x00\x03" + bytes(60) + b"PE\x00\x00"


@pytest.mark.parametrize(
    ("head", "name", "media_type"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a.jpg", "image/jpeg"),
        (b"\xff\xd8\xff\xe1Exif", "a.JPEG", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00", "a.png", "image/png"),
        (b"GIF89a", "a.gif", "image/gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "a.webp", "image/webp"),
        (b"\x00\x00\x00\x20ftypisom", "a.mp4", "video/mp4"),
        (b"\x00\x00\x00\x20ftypisom", "a.m4a", "audio/mp4"),
        (b"\x00\x00\x00\x20ftypM4A ", "a.m4a", "audio/mp4"),
        (b"\x00\x00\x00\x20ftyp3gp4", "a.3gp", "video/3gpp"),
        (b"ID3\x04\x00", "a.mp3", "audio/mpeg"),
        (b"\xff\xfb\x90", "a.mp3", "audio/mpeg"),
        (b"\xff\xf1P", "a.aac", "audio/aac"),
        (b"#!AMR\n", "a.amr", "audio/amr"),
        (b"OggS\x00", "a.opus", "audio/ogg"),
        (b"%PDF-1.7", "a.pdf", "application/pdf"),
        (ZIP, "a.zip", "application/zip"),
        (ZIP, "a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (OLE, "a.xls", "application/vnd.ms-excel"),
        ("Nama,Telepon\nÁnn,62812".encode(), "a.csv", "text/csv"),
        (b"\xef\xbb\xbfNama;Telepon", "a.csv", "text/csv"),
        (b"MZ is how this text begins", "a.txt", "text/plain"),
        (b"ID3,name", "a.csv", "text/csv"),
    ],
)
def test_a_file_is_what_its_content_and_its_name_say(head: bytes, name: str, media_type: str) -> None:
    assert media_types.judge(head, name) == media_type


@pytest.mark.parametrize(
    ("head", "declared", "media_type"),
    [
        (ZIP, None, "application/zip"),
        (OLE, "application/octet-stream", "application/msword"),
        (b"a,b", "text/csv; charset=utf-8", "text/csv"),
        (b"a,b", "application/x-unheard-of", "text/plain"),
        (b"\xff\xd8\xff", "image/jpg", "image/jpeg"),
        (b"\xff\xfb\x90", "audio/mp3", "audio/mpeg"),
    ],
)
def test_without_an_ending_the_declared_type_counts(head: bytes, declared: str | None, media_type: str) -> None:
    assert media_types.judge(head, "file", declared) == media_type
    assert media_types.judge(head, "file.v2", declared) == media_type


def test_the_ending_is_believed_before_the_declared_type() -> None:
    assert media_types.judge(b"a,b", "a.csv", "application/vnd.ms-excel") == "text/csv"


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "the file is empty"),
        (PROGRAM, "the content is a program, which is not taken"),
        (b"\x7fELF\x02\x01", "the content is a program, which is not taken"),
        (b"\xcf\xfa\xed\xfe\x07", "the content is a program, which is not taken"),
        (b"\xca\xfe\xba\xbe\x00", "the content is a program, which is not taken"),
        (b"#!/bin/sh\n", "the content is a program, which is not taken"),
        (b"<!DOCTYPE html><title>", "the content is HTML or another markup, which is not taken"),
        (b"\xef\xbb\xbf \n<HTML>", "the content is HTML or another markup, which is not taken"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "the content is HTML or another markup, which is not taken"),
        (b"<?php echo 1;", "the content is HTML or another markup, which is not taken"),
        (b"<script>alert(1)</script>", "the content is HTML or another markup, which is not taken"),
        (b"plain\x00text", "the content is of no type that is taken"),
        (b"\xff\xfeN\x00a\x00", "the content is of no type that is taken"),
        (b"\x00\x00\x00\x20ftypqt  ", "the content is of no type that is taken"),
        (b"%PDF-1.7", "the file is called image/png, but its content is application/pdf"),
        (b"hello", "the file is called image/png, but its content is text/plain"),
    ],
)
def test_what_is_disguised_as_a_picture_is_refused(head: bytes, said: str) -> None:
    with pytest.raises(UnacceptableFile) as refused:
        media_types.judge(head, "picture.png", "image/png")
    assert str(refused.value) == said


def test_a_character_that_the_head_cuts_is_text() -> None:
    text = ("é" * HEAD_BYTES).encode()
    assert media_types.judge(b"a" + text[: HEAD_BYTES - 1], "a.txt") == "text/plain"
    with pytest.raises(UnacceptableFile):
        media_types.judge(text[:101], "a.txt")


@given(head=st.binary(max_size=HEAD_BYTES), name=st.text(max_size=20), declared=st.none() | st.text(max_size=20))
@example(head=b"\xff", name=".", declared=";")
def test_whatever_comes_is_of_a_known_type_or_refused(head: bytes, name: str, declared: str | None) -> None:
    try:
        judged = media_types.judge(head, name, declared)
    except UnacceptableFile:
        return
    assert judged in KNOWN


@pytest.mark.parametrize("media_type", sorted(KNOWN))
def test_every_type_has_an_ending_by_which_it_is_known_again(media_type: str) -> None:
    assert media_types.extension(media_type).startswith(".")
    assert media_types.extension("application/x-unheard-of") == ""
