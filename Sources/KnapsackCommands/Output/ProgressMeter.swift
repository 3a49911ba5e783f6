import Formats
import Manifests
import Storage
import Synchronization

/// Draws the progress of long work: one line that is drawn again on a terminal, a few lines in a log.
final class ProgressMeter: Sendable {
    /// How often a terminal's line is drawn again, and a log gets a line, in nanoseconds.
    static let redraw: Int64 = 100_000_000
    private static let logInterval: Int64 = 10_000_000_000

    private let terminal: Terminal
    private let isForPrograms: Bool
    private let write: @Sendable (String) -> Void
    private let state = Mutex(ProgressState())

    /// What a line for programs begins with; JSON follows.
    static let mark = "progress "
    /// The variable that has lines for programs written in place of those for people, and its value.
    static let variable = (name: "KNAPSACK_PROGRESS", value: "json")

    /// Begins with nothing drawn.
    /// - Parameters:
    ///   - isForPrograms: whether each line is a JSON object behind ``mark``.
    ///   - write: gets what is to be written to standard error.
    init(terminal: Terminal, isForPrograms: Bool = false, write: @escaping @Sendable (String) -> Void) {
        self.terminal = isForPrograms ? .plain : terminal
        self.isForPrograms = isForPrograms
        self.write = write
    }

    /// Takes one event; may be called from several threads.
    func handle(_ event: ProgressEvent, now: Int64 = currentTime()) {
        let text = state.withLock { state -> String? in
            state.apply(event, now: now)
            let isFrequent = terminal.isInteractive || isForPrograms
            let interval = isFrequent ? ProgressMeter.redraw : ProgressMeter.logInterval
            if case .ended = event {
                guard state.hasDrawn else { return nil }
                state.hasDrawn = false
                return terminal.isInteractive ? "\r\u{1B}[K" : nil
            }
            guard now - state.drawn >= interval else { return nil }
            state.drawn = now
            state.hasDrawn = true
            if isForPrograms { return ProgressMeter.mark + state.json.compactText + "\n" }
            let line = state.line(now: now, width: terminal.width, bar: terminal.isInteractive)
            return terminal.isInteractive ? "\r\u{1B}[K" + line : line + "\n"
        }
        if let text { write(text) }
    }

    /// Takes the half-drawn line away, before something else is written.
    func clear() {
        let text = state.withLock { state -> String? in
            guard state.hasDrawn, terminal.isInteractive else { return nil }
            state.hasDrawn = false
            return "\r\u{1B}[K"
        }
        if let text { write(text) }
    }
}

/// How far a stage is.
struct ProgressState {
    /// What is being done, as "packing"; empty before the first stage.
    private(set) var stage = ""
    /// The bytes that are done.
    private(set) var bytes = 0
    /// The bytes of the whole stage; 0 where that is not known.
    private(set) var total = 0
    /// The files that are done, or whatever is counted.
    private(set) var files = 0
    /// The files of the whole stage; 0 where that is not known.
    private(set) var totalFiles = 0
    /// What is counted, in the plural.
    private(set) var counted = "files"
    /// What was done last.
    private(set) var last = ""
    private var began: Int64 = 0
    /// How old a stage is before the time that is left is estimated, in nanoseconds: what comes while connections are
    /// being made states nothing of the rate.
    private static let settled: Int64 = 2_000_000_000
    /// When a line was drawn last, or the stage began, in nanoseconds of the monotonic clock.
    var drawn: Int64 = 0
    /// Whether there is a line that has to be taken away.
    var hasDrawn = false

    /// Takes an event that came at a time, in nanoseconds of the monotonic clock.
    mutating func apply(_ event: ProgressEvent, now: Int64) {
        switch event {
        case .began(let stage, let files, let bytes, let counted):
            self = ProgressState()
            self.counted = counted
            self.stage = stage
            total = bytes
            totalFiles = files
            began = now
            drawn = now
        case .advanced(let count): bytes += count
        case .finished(let name):
            files += 1
            last = name
        case .ended: break
        }
    }

    /// The same for programs.
    var json: JSON {
        [
            "stage": .string(stage), "bytes": .integer(bytes), "total_bytes": .integer(total),
            "done": .integer(files), "total": .integer(totalFiles), "counted": .string(counted),
        ]
    }

    /// "packing  ███████░░░░░  58 %  2.3 of 4 GB  1.4 GB/s  2 s left", no longer than `width`.
    func line(now: Int64, width: Int, bar: Bool) -> String {
        let isCounted = total == 0 && bytes == 0 && totalFiles > 0
        let share =
            isCounted
            ? min(1, Double(files) / Double(totalFiles))
            : total > 0 ? min(1, max(0, Double(bytes) / Double(total))) : 1
        let seconds = Double(max(1, now - began)) / 1e9
        let rate = Double(bytes) / seconds
        var parts = [stage]
        var tail = ["\(Int(share * 100)) %"]
        // Of what has no bytes, such as a program that runs a model, only its parts are counted.
        if !isCounted {
            tail += [
                "\(ByteCount.text(bytes)) of \(ByteCount.text(total))",
                "\(ByteCount.text(Int(max(0, rate))))/s",
            ]
        }
        if rate > 0, bytes < total, now - began >= ProgressState.settled {
            tail.append("\(ProgressState.duration(Double(total - bytes) / rate)) left")
        }
        // The files of an archive are not known before its end.
        tail.append(totalFiles > 0 ? "\(files)/\(totalFiles) \(counted)" : "\(files) \(counted)")
        if counted != "files", !last.isEmpty { tail.append(DiagnosticText.printable(last)) }
        if bar {
            let room = width - 1 - (parts + tail).reduce(0) { $0 + $1.count + 2 }
            let length = min(30, room)
            if length >= 8 {
                let filled = Int(share * Double(length))
                parts.append(
                    String(repeating: "█", count: filled) + String(repeating: "░", count: length - filled))
            }
        }
        return String((parts + tail).joined(separator: "  ").prefix(max(10, width - 1)))
    }

    /// "12 s", "3 min 5 s" or "2 h 7 min", rounded up to seconds; nothing is longer than "99 h 59 min".
    static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds.rounded(.up), 359_999))
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
