extension PickleScan {
    /// Looks for pickles in a file, and at what loading them would do. Content decides, then the name: a file that
    /// starts like a pickle is one whatever it is called, and one that is called like a pickle has to be one.
    ///
    /// Looked into are pickles of all protocols, one after another; checkpoints of PyTorch, archives and what was
    /// written before 1.6; joblib's files with arrays between instructions; arrays and archives of NumPy; zip and tar
    /// archives. What is in them as it is not to be executed - the bytes of tensors - is not read at all.
    /// - Parameters:
    ///   - name: the file's name, of which the last part counts.
    ///   - fileSize: the file's length in bytes.
    ///   - read: returns the bytes of a non-empty range inside the file. It is called again and again, with ranges
    ///     of up to ``windowLength`` and those that a zip archive's directory takes.
    /// - Returns: `nil` for a file that has no pickles. One that should have some and cannot be read is *not* an
    ///   error, but has a finding.
    package static func read<Failure>(
        name: String, fileSize: Int, bytes read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(Failure) -> PickleScan? {
        var file = PickleFile<Failure>()
        let holds = try file.look(PickleFile<Failure>.Part(name: name, member: "", size: fileSize), read)
        return holds ? file.scan : nil
    }

    /// The most bytes that are read at a time of a pickle.
    package static let windowLength = 1 << 20

    /// Takes over what a scanner found.
    package mutating func add(_ scanner: PickleScanner, member: String) {
        protocolVersion = max(protocolVersion, scanner.protocolVersion)
        for number in scanner.harmless {
            let entry = HarmlessGlobals.all.entries[number]
            add(Global(path: entry.path, reason: entry.reason))
        }
        for found in scanner.imports {
            let path = "\(found.module).\(found.name)".shortAndPlain
            add(Global(path: path, reason: nil))
            add(
                Finding(
                    verdict: .refused, message: "it imports \(path), which is not known to be harmless",
                    member: member, offset: found.offset))
        }
        for problem in scanner.problems {
            add(
                Finding(verdict: .refused, message: problem.message, member: member, offset: problem.offset))
        }
    }
}

extension String {
    /// The text without anything that a terminal would take for more than a letter, and not too long.
    var shortAndPlain: String {
        var text = ""
        for scalar in unicodeScalars.prefix(120) {
            if (0x20...0x7E).contains(scalar.value) {
                text.unicodeScalars.append(scalar)
            } else {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return unicodeScalars.count > 120 ? text + "…" : text
    }
}
