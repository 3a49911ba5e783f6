import Formats
package import Manifests

/// An address that a page may lead to: `https`, a host of the program's choice, and a path of harmless characters.
package struct WebAddress: Equatable, Sendable {
    /// The address.
    package let text: String

    /// Where a revision of what an entry comes from can be looked at; `nil` for what is on no service, and for
    /// names that no service gives out.
    package init?(_ origin: Origin) {
        switch origin {
        case .hub(let repository, _, let commit):
            let folder =
                switch repository.kind {
                case .model: ""
                case .dataset: "datasets/"
                case .space: "spaces/"
                case .kernel: "kernels/"
                }
            self.init("https://huggingface.co/\(folder)\(repository.id)/tree/\(commit)")
        case .kaggle(let handle):
            let path = handle.parts.joined(separator: "/")
            switch handle.kind {
            case .model:
                self.init("https://www.kaggle.com/models/\(path)" + (handle.version.map { "/\($0)" } ?? ""))
            case .dataset:
                self.init(
                    "https://www.kaggle.com/datasets/\(path)"
                        + (handle.version.map { "/versions/\($0)" } ?? ""))
            case .competition: self.init("https://www.kaggle.com/competitions/\(path)")
            case .notebook: self.init("https://www.kaggle.com/code/\(path)")
            }
        // The hosts of registries are anybody's.
        case .registry, .path, .conversion: return nil
        }
    }

    /// The page of a model of the Hub, by an id as cards state them; `nil` for what is no "organization/name".
    package init?(hubModel id: String) {
        guard id.split(separator: "/", omittingEmptySubsequences: false).count == 2 else { return nil }
        self.init("https://huggingface.co/\(id)")
    }

    private init?(_ text: String) {
        let start = "https://"
        guard text.hasUTF8Prefix(start), let path = String(text.utf8.dropFirst(start.utf8.count)),
            path.utf8.count < 300,
            path.utf8.allSatisfy(WebAddress.isHarmless), !path.containsUTF8("//"),
            // No part is "." or "..".
            !path.utf8.split(separator: UInt8(ascii: "/")).contains(where: {
                $0.allSatisfy { $0 == UInt8(ascii: ".") }
            })
        else { return nil }
        self.text = text
    }

    private static func isHarmless(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension Markup {
    /// Text that leads to an address, or text alone where there is none.
    static func link(_ text: String, to address: WebAddress?) -> Markup {
        guard let address else { return "\(text)" }
        return "<a href=\"\(address.text)\" rel=\"noreferrer\">\(text)</a>"
    }
}
