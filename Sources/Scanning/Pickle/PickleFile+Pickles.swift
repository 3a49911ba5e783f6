extension PickleFile {
    /// Looks at a part that is no archive.
    mutating func pickles(
        _ part: Part, _ name: PickleName, _ head: [UInt8], isTar: Bool = false, _ read: Read
    ) throws(Failure)
        -> Bool
    {
        let hasProtocol = head.count > 1 && head[0] == 0x80 && (2...5).contains(head[1])
        var isSure = name.isPickle && !isTar && !part.isNumbers && !PickleName.isOtherFormat(head)
        if !isSure {
            let first = try scanned(part, from: 0, readsArrays: true, read)
            switch first.state {
            case .stopped: isSure = hasProtocol || first.hasEffects
            case .broken:
                isSure = first.hasEffects || (hasProtocol && !part.isNumbers && first.instructions >= 8)
            default: isSure = first.hasEffects || hasProtocol
            }
            // Any numbers hold some of a pickle's instructions, the more the longer they are, but no names as Python
            // has them: without a protocol in front, and in a storage of numbers, it takes one to tell a pickle.
            if part.isNumbers || !hasProtocol { isSure = isSure && first.hasPlausibleNames }
        }
        guard isSure else { return false }
        if PickleName.isLegacyTorch(head) {
            try legacy(part, read)
        } else {
            try sequence(part, from: 0, isSure: isSure, read)
        }
        return true
    }

    /// Follows pickles one after another to the end of the part.
    mutating func sequence(_ part: Part, from start: Int, isSure: Bool, _ read: Read) throws(Failure) {
        var position = start
        repeat {
            guard scan.pickles < Self.maximumPickles else {
                _ = unreadable("it has more than \(Self.maximumPickles) pickles", part, at: position)
                return
            }
            guard let end = try pickle(part, from: position, read) else { return }
            position = end
            if try isBlank(part, position, read) { return }
        } while position < part.size
    }

    /// Whether nothing but a few blanks or line ends follow.
    private func isBlank(_ part: Part, _ position: Int, _ read: Read) throws(Failure) -> Bool {
        guard position < part.size, part.size - position <= 8 else { return false }
        return try read(position..<part.size).allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D }
    }

    /// Follows one pickle, as joblib reads it and as Python itself does.
    /// - Returns: where it ends; `nil` where that is not known, which was noted.
    private mutating func pickle(_ part: Part, from start: Int, _ read: Read) throws(Failure) -> Int? {
        let scanner = try scanned(part, from: start, readsArrays: true, read)
        take(scanner, part)
        if scanner.hasArrays {
            name("joblib", part)
            // Python's own pickle module takes the arrays for instructions, and stops where they are none.
            let plain = try scanned(part, from: start, readsArrays: false, read)
            scan.add(plain, member: part.member.shortAndPlain)
        }
        return ended(scanner, part, isFirst: start == 0)
    }

    private mutating func take(_ scanner: PickleScanner, _ part: Part) {
        scan.pickles += 1
        scan.add(scanner, member: part.member.shortAndPlain)
    }

    private mutating func ended(_ scanner: PickleScanner, _ part: Part, isFirst: Bool) -> Int? {
        switch scanner.state {
        case .stopped: return scanner.position
        case .broken(let message), .beyond(let message):
            let text =
                isFirst || scanner.instructions > 0
                ? message : "after a pickle something follows that is not one"
            _ = unreadable(text, part, at: scanner.position)
        case .running, .array, .nested:
            _ = unreadable("the pickle is cut short", part, at: scanner.position)
        }
        return nil
    }

    /// What `torch.save` wrote before 1.6: three small pickles, the one of the tensors, the one of the storages' keys,
    /// and the storages.
    private mutating func legacy(_ part: Part, _ read: Read) throws(Failure) {
        name("PyTorch checkpoint of before 1.6", part)
        var position = 0
        var storages = StorageCount()
        for _ in 0..<5 {
            guard position < part.size else {
                _ = unreadable("the checkpoint is cut short", part, at: position)
                return
            }
            let scanner = try scanned(part, from: position, readsArrays: false, read)
            take(scanner, part)
            guard let end = ended(scanner, part, isFirst: position == 0) else { return }
            if !scanner.storages.isEmpty { storages = scanner.storages }
            position = end
        }
        guard storages.size == part.size - position else {
            _ = unreadable("what follows the pickles has not the size of the storages", part, at: position)
            return
        }
    }

    // MARK: One pickle

    /// Follows one pickle to its end, or as far as it goes.
    func scanned(
        _ part: Part, from start: Int, readsArrays: Bool, _ read: Read
    ) throws(Failure) -> PickleScanner {
        var scanner = PickleScanner(at: start, readsArrays: readsArrays)
        var length = min(PickleScan.windowLength, 4096)
        while true {
            let position = scanner.position
            guard position < part.size else {
                if position > part.size || scanner.state == .running { scanner.cutShort() }
                return scanner
            }
            switch scanner.state {
            case .running: break
            case .array(let bytes, let isAligned):
                var end = position
                if isAligned {
                    let padding = try read(position..<position + 1)
                    end += 1 + Int(padding.first ?? 0)
                }
                scanner.resume(at: end + bytes)
                continue
            case .nested:
                let inner = try scanned(part, from: position, readsArrays: false, read)
                scanner.join(inner)
                guard inner.state == .stopped else { return scanner }
                scanner.resume(at: inner.position)
                continue
            case .stopped, .broken, .beyond: return scanner
            }
            let end = min(part.size, position + length)
            let window = try read(position..<end)
            guard window.count == end - position else {
                scanner.cutShort()
                return scanner
            }
            scanner.scan(window.span, atEnd: end == part.size)
            if scanner.position == position, scanner.state == .running {
                // An instruction longer than the window: there is none longer than a few thousand bytes.
                guard length < PickleScan.windowLength else {
                    scanner.cutShort()
                    return scanner
                }
            }
            length = PickleScan.windowLength
        }
    }
}
