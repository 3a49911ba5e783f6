import Caches
import Formats
import ModelFiles
import Storage

/// The places of this machine that messages name, and that a page leaves out: a bundle has the same page on every machine.
struct MachinePlaces {
    private var words: [(place: String, word: String)] = []

    /// - Parameters:
    ///   - path: what the report is about.
    ///   - bases: what it builds on.
    ///   - measuring: what else is read.
    init(_ path: String, bases: [String], _ measuring: BundleReading.Measuring?) {
        for named in [path] + bases {
            let name = Path.name((try? Directory.realPath(named)) ?? named)
            // Of what is in a bundle, or beside a manifest, the path there is enough.
            add(named, name, inside: "")
        }
        add(Path.parent(path), "", inside: "")
        let caches = measuring?.caches
        let roots = [
            caches?.hub.root, caches?.kagglehub.root, caches?.mounts?.root, caches?.registries?.root,
            caches?.conversions?.directory,
        ]
        for root in roots { if let root { add(root, "(cache)", inside: "(cache)/") } }
        if let scratch = measuring?.scratch.made { add(scratch, "(scratch)", inside: "(scratch)/") }
        // What is in another place comes before it.
        words.sort { $0.place.utf8.count > $1.place.utf8.count }
    }

    private mutating func add(_ place: String, _ word: String, inside: String) {
        for form in [place, try? Directory.realPath(place)] {
            guard let form, form.utf8.count > 1, form.utf8.contains(UInt8(ascii: "/")) else { continue }
            words.append((form + "/", inside))
            if !word.isEmpty { words.append((form, word)) }
        }
    }

    /// A message without them.
    func without(_ text: String) -> String {
        // A path begins a message, or follows a blank: the same bytes within another path are none of it.
        let marked = words.reduce(" " + text) { $0.replacingUTF8(" " + $1.place, with: " " + $1.word) }
        return String(decoding: marked.utf8.dropFirst(), as: UTF8.self)
    }
}
