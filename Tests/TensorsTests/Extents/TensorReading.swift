@testable import Tensors

/// Finds the tensors in bytes, as if they were a file.
func tensors(
    _ name: String, _ bytes: [UInt8], smallest: Int = 1
) -> TensorFile.Reading {
    TensorFile.read(name: name, fileSize: bytes.count, smallest: smallest) { Array(bytes[$0]) }
}
