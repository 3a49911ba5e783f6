import Formats
import Storage

/// What a lock states of a tensor, unchecked: a lock may have a hundred thousand of them.
struct StatedTensor {
    /// The file that it is in.
    let file: String?
    /// Its name.
    let name: String?
    /// The type of its elements.
    let dtype: String?
    /// The numbers of its elements, outermost dimension first.
    let shape: [Int]?
    /// Where its bytes begin in the file.
    let offset: Int?
    /// How many bytes it has.
    let length: Int?
    /// Whether there is a text for a digest.
    let hasDigest: Bool
    /// The digest; `nil` where the text is none.
    let sha256: SHA256Digest?

    /// Takes what is stated.
    /// - Parameter last: the tensor before, whose texts are kept where they are the same.
    init(_ json: JSON, after last: StatedTensor?) {
        func kept(_ text: String?, _ before: String??) -> String? {
            if let text, let before = before ?? nil, text.hasSameBytes(as: before) { before } else { text }
        }
        file = kept(json["file"]?.string, last?.file)
        dtype = kept(json["dtype"]?.string, last?.dtype)
        name = json["name"]?.string
        let extents = json["shape"]?.array?.compactMap(\.integer)
        shape = extents == last?.shape ? last?.shape : extents
        offset = json["offset"]?.integer
        length = json["length"]?.integer
        let digest = json["sha256"]?.string
        hasDigest = digest != nil
        sha256 = digest.flatMap(SHA256Digest.init(hex:))
    }
}
