import CArchive
import Glibc

/// libarchive's handle for an archive that is read. What is unsafe about reading is here.
@safe struct ReadHandle: ~Copyable {
    // SAFETY: made in init, freed in deinit and in nobody else's hands: the value cannot be copied.
    private let archive: OpaquePointer
    // libarchive holds an unretained pointer to the source until the handle is freed.
    private let source: ArchiveSource
    private let names: CharacterSet
    /// Whether a warning that a name could not be converted means nothing: the name's bytes are there.
    private let takesUnconverted: Bool

    /// What libarchive states of an entry.
    struct Header {
        /// What an entry stands for.
        enum Kind { case file, directory, hardLink, symbolicLink, other }
        /// The bytes of the name, or `nil` if there is none.
        let name: [UInt8]?
        /// What the entry stands for; a hard link has no content of its own.
        let kind: Kind
        /// The length of the content in bytes; `nil` where the header does not state it.
        let size: Int?
        /// Whether the content or the header is encrypted.
        let isEncrypted: Bool
        /// Whether holes of the content were left out of the archive.
        let isSparse: Bool
        /// The format in libarchive's words: "ZIP 2.0 (deflation)".
        let format: String
    }

    /// What a handle reads; nothing but that is switched on.
    enum Content {
        /// The content of one Zstandard stream, as one entry.
        case zstd
        /// The content of a gzip stream, as one entry.
        case gzip
        /// A tar archive in any of libarchive's dialects: ustar, pax, GNU's.
        case tar
        /// A zip archive, by its directory.
        case zip
        /// One file of a zip archive, by its own header, which states its sizes.
        case zipMember
    }

    private init(_ source: ArchiveSource, _ content: Content) throws(ArchiveError) {
        guard let names = content == .tar ? CharacterSet.ascii() : CharacterSet.utf8() else {
            throw ArchiveError(.library, source.path, "the C library has no locale \"C.UTF-8\"")
        }
        guard let archive = unsafe archive_read_new() else {
            throw ArchiveError(.library, source.path, "memory is used up")
        }
        unsafe self.archive = archive
        self.source = source
        self.names = names
        takesUnconverted = content == .tar
    }

    /// Opens an archive in a source.
    static func open(_ source: ArchiveSource, _ content: Content) throws(ArchiveError) -> ReadHandle {
        let handle = try ReadHandle(source, content)
        try handle.open(content)
        return handle
    }

    private borrowing func open(_ content: Content) throws(ArchiveError) {
        switch content {
        case .zstd:
            // Appended, not detected: a stream inside of a stream is not unpacked further.
            try check(unsafe archive_read_set_format(archive, ARCHIVE_FORMAT_RAW))
            try check(unsafe archive_read_append_filter(archive, ARCHIVE_FILTER_ZSTD))
        case .gzip:
            try check(unsafe archive_read_set_format(archive, ARCHIVE_FORMAT_RAW))
            try check(unsafe archive_read_append_filter(archive, ARCHIVE_FILTER_GZIP))
        case .tar: try check(unsafe archive_read_support_format_tar(archive))
        case .zip: try check(unsafe archive_read_support_format_zip_seekable(archive))
        case .zipMember: try check(unsafe archive_read_support_format_zip_streamable(archive))
        }
        try check(
            unsafe archive_read_set_read_callback(archive) { _, source, bytes in
                // SAFETY: the handle keeps the source alive, and the source its block until the next call.
                guard let source = unsafe source, let bytes = unsafe bytes,
                    let block = unsafe Unmanaged<ArchiveSource>.fromOpaque(source).takeUnretainedValue()
                        .block()
                else { return la_ssize_t(ARCHIVE_FATAL) }
                unsafe bytes.pointee = block.baseAddress
                return block.count
            })
        if source.canMove {
            try check(
                unsafe archive_read_set_seek_callback(archive) { _, source, offset, whence in
                    guard let source = unsafe source,
                        let position = unsafe Unmanaged<ArchiveSource>.fromOpaque(source)
                            .takeUnretainedValue().position(movedTo: Int(offset), from: whence)
                    else { return la_int64_t(ARCHIVE_FATAL) }
                    return la_int64_t(position)
                })
        }
        try check(
            unsafe archive_read_set_callback_data(archive, Unmanaged.passUnretained(source).toOpaque()))
        try check(names.use { unsafe archive_read_open1(archive) })
    }

    deinit { unsafe _ = archive_read_free(archive) }

    /// The next entry's header, or `nil` after the last one.
    borrowing func next() throws(ArchiveError) -> Header? {
        var entry: OpaquePointer?
        let code = names.use { unsafe archive_read_next_header(archive, &entry) }
        // SAFETY (this and below): the entry belongs to the handle and keeps its texts until the next header.
        let reason = unsafe archive_errno(archive)
        if code != ARCHIVE_WARN || !takesUnconverted || reason != EILSEQ {
            guard try check(code) else { return nil }
        }
        guard let entry = unsafe entry else { return nil }
        let name = unsafe names.use { unsafe archive_entry_pathname(entry) }
        let nameBytes = unsafe name.map { text in
            unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
        }
        let kind: Header.Kind =
            if unsafe archive_entry_hardlink(entry) != nil {
                .hardLink
            } else {
                switch unsafe archive_entry_filetype(entry) {
                case S_IFREG: .file
                case S_IFDIR: .directory
                case S_IFLNK: .symbolicLink
                default: .other
                }
            }
        return Header(
            name: nameBytes, kind: kind,
            size: unsafe archive_entry_size_is_set(entry) != 0 ? Int(unsafe archive_entry_size(entry)) : nil,
            isEncrypted: unsafe archive_entry_is_encrypted(entry) != 0,
            isSparse: unsafe archive_entry_sparse_count(entry) > 0,
            format: unsafe archive_format_name(archive).map { unsafe String(cString: $0) } ?? "")
    }

    /// Where the source stands; after ``next()``, and before anything of the content was read, that is the
    /// content's first byte.
    borrowing func position() -> Int { Int(unsafe archive_filter_bytes(archive, 0)) }

    /// How many bytes the last call of ``next()`` took, before any skipping, when it found no entry: a tar's
    /// end mark, or nothing where a tar just stops.
    borrowing func endMarkSize() -> Int {
        Int(unsafe archive_filter_bytes(archive, 0)) - headerPosition()
    }

    /// Where the header, or the end mark, begins that the last call of ``next()`` read, in bytes from the
    /// start.
    borrowing func headerPosition() -> Int { Int(unsafe archive_read_header_position(archive)) }

    /// The next bytes of the entry's content and their offset in it, or `nil` at its end.
    ///
    /// They are valid until the next call on this handle.
    @unsafe borrowing func block(
        entry: String? = nil
    ) throws(ArchiveError) -> (bytes: UnsafeRawBufferPointer, offset: Int)? {
        var start: UnsafeRawPointer?
        var count = 0
        var offset: la_int64_t = 0
        guard try check(unsafe archive_read_data_block(archive, &start, &count, &offset), entry: entry)
        else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
        return unsafe (bytes, Int(offset))
    }

    /// Lends the next bytes of the entry's content and their offset in it.
    /// - Returns: whether there were any.
    borrowing func withBlock(
        entry: String?, _ body: (Span<UInt8>, Int) throws -> Void
    ) throws -> Bool {
        guard let (bytes, offset) = unsafe try block(entry: entry) else { return false }
        // SAFETY: the block is valid until the next call on the handle, which comes after `body`.
        try unsafe body(bytes.bindMemory(to: UInt8.self).span, offset)
        return true
    }

    /// Leaves out what is left of the entry's content.
    borrowing func skip(entry: String?) throws(ArchiveError) {
        try check(unsafe archive_read_data_skip(archive), entry: entry)
    }

    /// Turns what a call returned into an error; warnings are errors too.
    /// - Returns: `false` at the end of the entry or of the archive.
    @discardableResult
    private borrowing func check(_ code: Int32, entry: String? = nil) throws(ArchiveError) -> Bool {
        if let failure = source.failure { throw failure }
        if code == ARCHIVE_OK { return true }
        if code == ARCHIVE_EOF { return false }
        var text = unsafe archive_error_string(archive).map { unsafe String(cString: $0) } ?? ""
        // Some of its messages end in a line break.
        while text.last?.isWhitespace ?? false { text.removeLast() }
        throw ArchiveError(
            .damaged, source.path, entry: entry, text.isEmpty ? "libarchive failed with code \(code)" : text)
    }
}
