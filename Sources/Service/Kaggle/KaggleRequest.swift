import Caches
import Formats
import Manifests

/// What a request asks of Kaggle's interface (kagglesdk 0.1.38): a call, or content that a call led to.
enum KaggleRequest: Equatable {
    /// A method of a service, such as "models.ModelApiService".
    case call(service: String, method: String)
    /// A file of a version.
    case file(KaggleHandle, String)
    /// A file that is uploaded, by its token.
    case upload(String)
    /// The archive of a version, under the name that clients give it.
    case archive(KaggleHandle, String)

    /// What every path begins with; behind it are no names of the Hub.
    static let prefix = ["api", "v1"]
    /// What the paths of content begin with, behind ``prefix``.
    private static let content = "content"

    /// Reads the parts of a path; `nil` for one that Kaggle does not have.
    init?(_ segments: [String]) {
        guard segments.starts(with: KaggleRequest.prefix, by: { $0.hasSameBytes(as: $1) }) else { return nil }
        let rest = Array(segments.dropFirst(KaggleRequest.prefix.count))
        if rest.count == 2, rest[0].utf8.contains(UInt8(ascii: ".")) {
            self = .call(service: rest[0], method: rest[1])
            return
        }
        if rest.count == 3, rest[0].hasSameBytes(as: KaggleRequest.content), rest[1] == "uploads" {
            self = .upload(rest[2])
            return
        }
        guard rest.count > 3, rest[0].hasSameBytes(as: KaggleRequest.content),
            let kind = [KaggleHandle.Kind.model, .dataset].first(where: {
                rest[2].hasSameBytes(as: "\($0.rawValue)s")
            })
        else { return nil }
        let end = 3 + kind.parts.base
        guard rest.count > end + 1, let version = Int(rest[end]), version > 0,
            let handle = KaggleHandle(kind, folders: Array(rest[3..<end]))?.with(version: version)
        else { return nil }
        let path = rest[(end + 1)...].joined(separator: "/")
        switch rest[1] {
        case "files": self = .file(handle, path)
        case "archive" where rest.count == end + 2: self = .archive(handle, path)
        default: return nil
        }
    }

    /// Whether a request brings content of an upload: who sends it is known by the token in its path, because Kaggle's clients
    /// send nothing else.
    static func isUpload(_ head: RequestHead) -> Bool {
        guard head.method == "PUT", case .upload? = KaggleRequest(head.target.segments) else { return false }
        return true
    }

    /// The path of content of a version, as a client is led to it.
    /// - Parameters:
    ///   - part: "files" or "archive".
    ///   - name: a path in the version, or the name of the archive.
    static func path(_ part: String, _ handle: KaggleHandle, _ name: String) -> String {
        let parts =
            prefix + [content, part, "\(handle.kind.rawValue)s"] + handle.parts + [
                "\(handle.version ?? 0)", name,
            ]
        return "/" + RequestTarget.escaped(parts.joined(separator: "/"))
    }
}

/// The arguments of a call.
struct KaggleArguments {
    /// The document that was sent, an object.
    let json: JSON

    /// A text; `nil` where it is missing or empty, which mean the same.
    func text(_ name: String) -> String? { json[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    /// A whole number, which may be written as text; `nil` where it is missing, 0 or none.
    func number(_ name: String) -> Int? {
        let value = json[name]?.integer ?? json[name]?.string.flatMap { Int($0) }
        return value == 0 ? nil : value
    }

    /// Which part of a list is wanted: its first entry and the most that are sent.
    /// - Parameter usual: how many where the call names no number.
    func page(usual: Int) -> Range<Int> {
        let size = min(max(1, number("pageSize") ?? usual), KaggleArguments.pageLimit)
        var start = text("pageToken").flatMap { Int($0) } ?? 0
        if start == 0, let page = number("page"), page > 1 {
            let (product, overflow) = (page - 1).multipliedReportingOverflow(by: size)
            start = overflow ? .max : product
        }
        start = min(max(0, start), .max - size)
        return start..<start + size
    }

    /// The most entries of one page.
    private static let pageLimit = 1000
}

extension Response {
    /// A refusal as Kaggle gives it: the clients read `code` and `message`.
    static func kaggleRefusal(_ status: Int, _ message: String) -> Response {
        .json(["code": .integer(status), "message": .string(message)], status: status)
    }
}
