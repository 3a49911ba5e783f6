import Glibc

/// A block of bytes that is made once and read into many times; freed with its owner.
@safe package struct Buffer: ~Copyable, @unchecked Sendable {
    // SAFETY: `base` points at `count` initialized bytes from init to deinit, and only this value, which
    // cannot be copied, holds the pointer.
    /// The first byte; valid as long as the buffer is.
    package let base: UnsafeMutableRawPointer
    /// The size in bytes.
    package let count: Int

    /// Allocates `count` zeroed bytes, aligned to a page.
    package init(count: Int) {
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 4096)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        self.count = count
    }

    deinit { unsafe base.deallocate() }

    /// Writes bytes from an offset on; what does not fit is left out.
    package func store(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        let room = min(bytes.count, count - offset)
        guard offset >= 0, room > 0 else { return }
        // SAFETY: `offset` and the `room` bytes behind it are in the buffer, and the slice has as many.
        unsafe bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            unsafe (base + offset).copyMemory(from: start, byteCount: room)
        }
    }

    /// Lends the first `length` bytes; more than there are is cut off.
    package func withBytes<Result: ~Copyable, Failure: Error>(
        _ length: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = unsafe UnsafeBufferPointer(
            start: base.assumingMemoryBound(to: UInt8.self), count: min(max(length, 0), count))
        return try unsafe body(bytes.span)
    }

    /// Lends bytes to be written, from `range`; what of it is beyond the buffer is cut off.
    package mutating func withMutableBytes<Result: ~Copyable, Failure: Error>(
        _ range: Range<Int>, _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let range = range.clamped(to: 0..<count)
        // SAFETY: the range is in the buffer, as was just made sure of.
        let bytes = unsafe UnsafeMutableBufferPointer(
            start: (base + range.lowerBound).assumingMemoryBound(to: UInt8.self), count: range.count)
        var span = unsafe bytes.mutableSpan
        return try body(&span)
    }
}

extension MutableSpan<UInt8> {
    /// Writes bytes from an offset on; what does not fit is left out.
    package mutating func store(_ bytes: Span<UInt8>, at offset: Int) {
        let room = Swift.min(bytes.count, count - offset)
        guard offset >= 0, room > 0 else { return }
        // SAFETY: `offset` and the `room` bytes behind it are in this span, and the other has as many; both are valid for the
        // closures, and nobody else can write what is borrowed here.
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                guard let to = target.baseAddress, let from = source.baseAddress else { return }
                unsafe (to + offset).copyMemory(from: from, byteCount: room)
            }
        }
    }
}
