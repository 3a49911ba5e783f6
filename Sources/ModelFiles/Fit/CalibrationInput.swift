package import Fitting
import Formats
package import Manifests
package import Storage

/// The text on which the weights of an entry's roles are measured, and what was measured.
package struct CalibrationInput: Sendable {
    /// What was measured, as a lock keeps it.
    package struct Measured: Sendable {
        /// The digest of what it was measured on: the model's files, the text, and the importance matrix.
        package let subject: SHA256Digest
        /// What ran the model, with its version.
        package let program: String
        /// The weights.
        package let calibration: Calibration

        /// States what was measured.
        package init(subject: SHA256Digest, program: String, calibration: Calibration) {
            (self.subject, self.program, self.calibration) = (subject, program, calibration)
        }
    }

    /// The parameters of a conversion that state the text's digest, and what was measured.
    private static let digestKey = "calibrate-sha256", measuredKey = "calibrated"
    /// The parameters that decide on what is measured.
    private static let subjectKeys = [digestKey, ImatrixInput.digestKey, "pre-tokenizer", "via"]

    /// The path in the manifest.
    package let name: String
    /// The file's place; `nil` where it is not looked at.
    package let location: String?
    /// The digest of the text.
    package let sha256: SHA256Digest
    /// What was measured; `nil` where nothing was yet.
    package var measured: Measured?

    /// The text as it is beside the manifest now.
    package init?(_ request: ConversionRequest, in directory: String, for entry: String) throws(Diagnostics) {
        guard let name = request.calibration else { return nil }
        self.name = name
        let location = Path.join(directory, name)
        self.location = location
        do {
            var buffer = Buffer(count: FileReader.blockSize)
            let file = try FileHandle.named(location)
            sha256 = try FileReader.read(file, gitBlob: false, buffer: &buffer) { _ in }.digests.sha256
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .fileNotFound, "\(entry): the text of `calibrate` cannot be read: \(error)",
                    fix: "check that calibrate is right; it is relative to the manifest", verdict: .undecided)
            )
        }
    }

    /// What a lock has.
    package init?(_ request: ConversionRequest, as conversion: LockedConversion) {
        let parameters = JSON.object(conversion.parameters)
        guard let name = request.calibration,
            let sha256 = parameters[Self.digestKey]?.string.flatMap({ SHA256Digest(hex: $0) })
        else { return nil }
        self.name = name
        location = nil
        self.sha256 = sha256
        let record = parameters[Self.measuredKey]
        if let subject = record?["for"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let program = record?["program"]?.string, let calibration = Calibration(record: record)
        {
            measured = Measured(subject: subject, program: program, calibration: calibration)
        }
    }

    /// The parameters of a conversion.
    var parameters: [JSON.Member] {
        var members = [JSON.Member(Self.digestKey, .string(sha256.hex))]
        if let measured {
            let record = measured.calibration.record.members ?? []
            let own = [
                JSON.Member("for", .string(measured.subject.hex)),
                JSON.Member("program", .string(measured.program)),
            ]
            members.append(JSON.Member(Self.measuredKey, .object((record + own).sortedByKey)))
        }
        return members
    }

    /// The digest of what is measured: while it is the same, so are the weights.
    package static func subject(of conversion: LockedConversion) throws -> SHA256Digest {
        let asked = conversion.parameters.filter { subjectKeys.containsExactly($0.key) }
        let record: JSON = [.string(conversion.inputs.hex), .object(asked)]
        return try ContentHasher.sha256(Array(record.compactText.utf8).span)
    }
}

extension ConversionRequest {
    /// The path of the text on which weights are measured; `nil` if there is none.
    package var calibration: String? {
        guard case .gguf(let gguf) = product else { return nil }
        return gguf.fit?.calibrate
    }
}
