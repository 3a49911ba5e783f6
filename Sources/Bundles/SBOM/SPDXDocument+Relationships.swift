import Formats
import Manifests
import Storage

/// What contains, generates and licenses what.
extension SPDXDocument {
    /// The licences that are named, each once, in the order of their expressions.
    var licenses: [JSON] {
        var byExpression: [ExactName: StatedLicense] = [:]
        for license in bill.all.compactMap(\.license) + wheelLicenses + [bundleLicense].compactMap(\.self) {
            byExpression[ExactName(license.expression)] = license
        }
        return byExpression.sorted { $0.key < $1.key }.map { key, license in
            let expression = key.text
            var comment: JSON?
            if case .name(let name) = license {
                comment = .string(
                    "The SPDX License List does not have the licence that is called \"\(name)\".")
            }
            return element(
                "simplelicensing_LicenseExpression", id("license", expression),
                ["simplelicensing_licenseExpression": .string(expression), "comment": comment])
        }
    }

    /// All relationships, in the order of the entries; one to nothing is left out.
    var relationships: [JSON] {
        var list: [JSON] = [
            relationship(
                "contains", from: bundleID, bill.lock.bundle.name,
                to: bill.items.map { id("entry", $0.entry.name) })
        ]
        list += licensing(bundleID, "bundle", bundleLicense, .modelCard, comment: nil)
        for item in bill.all {
            let name = item.entry.name
            let own = id("entry", name)
            list.append(
                relationship(
                    "contains", from: own, "entry/\(name)",
                    to: item.entry.files.map { id("file", item.entry.naturalPath(of: $0).text) }))
            for file in item.entry.files {
                guard let wheel = WheelIdentity(file, of: item.entry) else { continue }
                let path = item.entry.naturalPath(of: file).text
                let package = id("package", path)
                list.append(
                    relationship("hasDistributionArtifact", from: package, path, to: [id("file", path)]))
                list += licensing(package, "package/\(path)", wheel.license, .modelCard, comment: nil)
            }
            let stated = item.entry.license.map { "\($0.from.rawValue): \($0.id)" }
            list += licensing(own, "entry/\(name)", item.license, item.entry.license?.from, comment: stated)
            list += origins(item, own)
        }
        for base in missingBases {
            list += licensing(id(of: base), "base/\(base.name)", nil, nil, comment: nil)
        }
        // SPDX has no relationship to nothing: an entry may have no files.
        return list.filter { $0["relationshipType"] == nil || $0["to"] != nil }
    }

    private var wheelLicenses: [StatedLicense] {
        bill.all.flatMap { item in
            item.entry.files.compactMap { WheelIdentity($0, of: item.entry)?.license }
        }
    }

    private var bundleLicense: StatedLicense? { StatedLicense(bill.lock.bundle.license) }

    /// A declared and a concluded licence each: what the files or the bundle's owner say is declared, what the author
    /// of the manifest decided is concluded.
    private func licensing(
        _ element: JSON, _ name: String, _ license: StatedLicense?, _ witness: LockedLicense.Witness?,
        comment: String?
    ) -> [JSON] {
        let stated = license.map { id("license", $0.expression) }
        let none: JSON = "expandedlicensing_NoAssertionLicense"
        let isConcluded = witness == .manifest
        let note = comment.map(JSON.string)
        return [
            relationship(
                "hasDeclaredLicense", from: element, name, to: [isConcluded ? none : stated ?? none],
                comment: isConcluded ? nil : note),
            relationship(
                "hasConcludedLicense", from: element, name, to: [isConcluded ? stated ?? none : none],
                comment: isConcluded ? note : nil),
        ]
    }

    /// Ancestors, what an adapter needs, and the conversion that made the files.
    private func origins(_ item: BillOfMaterials.Item, _ own: JSON) -> [JSON] {
        let name = "entry/\(item.entry.name)"
        let ancestors = item.ancestors.map(id(of:))
        var list = item.ancestors.map { ancestor in
            relationship(
                "ancestorOf", from: id(of: ancestor), "\(ancestor.name)/\(name)", to: [own],
                comment: item.conversion == nil
                    ? "The model card names the model, but no revision of it." : nil)
        }
        if item.isAdapter { list.append(relationship("dependsOn", from: own, name, to: ancestors)) }
        guard let conversion = item.conversion else { return list }
        let build = id("build", item.entry.name)
        let made = item.entry.files.filter { $0.proof == .conversion }.map {
            id("file", item.entry.naturalPath(of: $0).text)
        }
        return list + [
            element(
                "build_Build", build,
                [
                    "name": item.entry.asked.conversion.map { .string("\(item.entry.name): \($0.text)") },
                    "build_buildType": "urn:knapsack:conversion",
                    "build_buildId": conversion.key.map { .string($0.hex) },
                    "build_parameter": .array(conversion.entries),
                    "comment": .string(
                        "The build type's parameters are the conversion's; inputs-sha256 is the digest of what it read."
                    ),
                ]),
            relationship("hasInput", from: build, name, to: ancestors, scope: "build"),
            relationship("hasOutput", from: build, name, to: made, scope: "build"),
            relationship("usesTool", from: build, name, to: [id("tool", "knapsack")], scope: "build"),
            relationship("invokedBy", from: build, name, to: [id("agent", "knapsack")], scope: "build"),
        ]
    }

    private func relationship(
        _ type: String, from: JSON, _ name: String, to: [JSON], scope: String? = nil, comment: JSON? = nil
    ) -> JSON {
        element(
            scope == nil ? "Relationship" : "LifecycleScopedRelationship", id("relation", "\(type)/\(name)"),
            [
                "relationshipType": .string(type), "from": from, "to": .array(to),
                "completeness": type == "contains" ? "complete" : nil, "scope": scope.map(JSON.string),
                "comment": comment,
            ])
    }
}

extension LockedConversion {
    /// The parameters, with the version of the conversion and the digest of what it read.
    fileprivate var entries: [JSON] {
        let own = [
            ("converter", "\(converter)"), ("inputs-sha256", inputs.hex),
        ]
        return (own + parameters.map { ($0.key, $0.value.plainText ?? $0.value.compactText) }).map {
            key, value in
            ["type": "DictionaryEntry", "key": .string(key), "value": .string(value)]
        }
    }
}
