import CArchive

/// libarchive's handle for an archive that is written. What is unsafe about writing is here.
@safe struct WriteHandle: ~Copyable {
    // SAFETY: both are made in init, freed in deinit and in nobody else's hands: the value cannot be copied.
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    // libarchive holds an unretained pointer to the sink until the handle is freed.
    private let sink: ArchiveSink
    private let names: CharacterSet

    private init(_ sink: ArchiveSink) throws(ArchiveError) {
        guard let names = CharacterSet.utf8() else {
            throw ArchiveError(.library, sink.path, "the C library has no locale \"C.UTF-8\"")
        }
        guard let archive = unsafe archive_write_new() else {
            throw ArchiveError(.library, sink.path, "memory is used up")
        }
        guard let entry = unsafe archive_entry_new() else {
            unsafe _ = archive_write_free(archive)
            throw ArchiveError(.library, sink.path, "memory is used up")
        }
        unsafe self.archive = archive
        unsafe self.entry = entry
        self.sink = sink
        self.names = names
    }

    /// Starts an archive in a sink.
    /// - Parameter options: `module:key=value` pairs, as `archive_write_set_options(3)` takes them.
    static func open(
        _ sink: ArchiveSink, format: ArchiveFormat, options: String
    ) throws(ArchiveError) -> WriteHandle {
        let handle = try WriteHandle(sink)
        try handle.open(format, options)
        return handle
    }

    private borrowing func open(_ format: ArchiveFormat, _ options: String) throws(ArchiveError) {
        switch format {
        case .tar, .tarZstd: try check(unsafe archive_write_set_format_pax_restricted(archive))
        case .zip: try check(unsafe archive_write_set_format_zip(archive))
        }
        if format == .tarZstd { try check(unsafe archive_write_add_filter_zstd(archive)) }
        try check(names.use { unsafe archive_write_set_options(archive, options) })
        // The sink gathers; libarchive passes on and adds no padding after the end of the archive.
        try check(unsafe archive_write_set_bytes_per_block(archive, 0))
        try check(unsafe archive_write_set_bytes_in_last_block(archive, 1))
        try check(
            unsafe archive_write_open2(
                archive, Unmanaged.passUnretained(sink).toOpaque(), nil,
                { _, sink, bytes, count in
                    // SAFETY: the handle keeps the sink alive; libarchive lends `count` bytes for the call.
                    guard let sink = unsafe sink, let bytes = unsafe bytes else { return -1 }
                    let lent = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
                    let taken = unsafe Unmanaged<ArchiveSink>.fromOpaque(sink).takeUnretainedValue()
                        .take(lent.bindMemory(to: UInt8.self).span)
                    return taken ? count : -1
                }, nil, nil))
    }

    deinit {
        // Freeing a handle ends the archive properly, even after an error; one that was not closed must
        // not look finished.
        unsafe _ = archive_write_fail(archive)
        unsafe archive_entry_free(entry)
        unsafe _ = archive_write_free(archive)
    }

    /// Starts a regular file of `size` bytes.
    /// - Parameters:
    ///   - time: seconds since 1970, or `nil` to set none.
    ///   - isDeflated: for a zip, whether it is deflated or stored; `nil` for a tar.
    borrowing func begin(path: String, size: Int, time: Int?, isDeflated: Bool?) throws(ArchiveError) {
        if let isDeflated {
            try check(
                isDeflated
                    ? unsafe archive_write_zip_set_compression_deflate(archive)
                    : unsafe archive_write_zip_set_compression_store(archive))
        }
        unsafe archive_entry_clear(entry)
        unsafe archive_entry_copy_pathname(entry, path)
        unsafe archive_entry_set_size(entry, la_int64_t(size))
        unsafe archive_entry_set_mode(entry, 0o100644)
        unsafe archive_entry_set_uid(entry, 0)
        unsafe archive_entry_set_gid(entry, 0)
        if let time { unsafe archive_entry_set_mtime(entry, time, 0) }
        try check(names.use { unsafe archive_write_header(archive, entry) }, entry: path)
    }

    /// Writes bytes of the file that was begun; the caller keeps to its size.
    borrowing func write(_ bytes: Span<UInt8>, entry: String) throws(ArchiveError) {
        var done = 0
        while done < bytes.count {
            // zlib counts in 32 bits, and libarchive cuts longer counts off without a word.
            let part = min(bytes.count - done, 1 << 30)
            // SAFETY: libarchive reads a part of the span, which lives until the closure ends.
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe archive_write_data(archive, raw.baseAddress.map { unsafe $0 + done }, part)
            }
            guard count > 0 else {
                try check(count < 0 ? Int32(truncatingIfNeeded: count) : ARCHIVE_FATAL, entry: entry)
                return
            }
            done += count
        }
    }

    /// Ends the file that was begun.
    borrowing func end(entry: String) throws(ArchiveError) {
        try check(unsafe archive_write_finish_entry(archive), entry: entry)
    }

    /// Ends the archive.
    borrowing func close() throws(ArchiveError) {
        try check(unsafe archive_write_close(archive))
    }

    /// Turns what a call returned into an error, warnings too: none is expected of what Knapsack writes.
    private borrowing func check(_ code: Int32, entry: String? = nil) throws(ArchiveError) {
        guard code != ARCHIVE_OK else { return }
        if let failure = sink.failure { throw ArchiveError(failure) }
        let text = unsafe archive_error_string(archive).map { unsafe String(cString: $0) }
        throw ArchiveError(.library, sink.path, entry: entry, text ?? "libarchive failed with code \(code)")
    }
}
