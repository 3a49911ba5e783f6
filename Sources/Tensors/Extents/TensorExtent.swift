/// A tensor, or what a format stores like one, as a range of bytes in a file.
package struct TensorExtent: Equatable, Sendable {
    /// The tensor's name in its file; for a zip archive the member's path, for `.npz` without `.npy`. Any
    /// text, so never a path to write to.
    package let name: String
    /// Where the bytes are stored, from the start of the file.
    package let bytes: Range<Int>
    /// The type of the elements in the format's own words (`BF16`, `Q4_K`, `<f4`); `nil` where the format
    /// states it elsewhere, as a PyTorch checkpoint does in its pickle.
    package let dtype: String?
    /// The dimensions, outermost first whatever the format's order; empty for a single element, `nil` where
    /// ``dtype`` is.
    package let shape: [Int]?

    /// Names a tensor and the range of its file that holds it, in bytes.
    package init(name: String, bytes: Range<Int>, dtype: String? = nil, shape: [Int]? = nil) {
        self.name = name
        self.bytes = bytes
        self.dtype = dtype
        self.shape = shape
    }
}
