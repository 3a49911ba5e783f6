/// What a Kaggle notebook runs on; the raw value is what `accelerator` in a manifest takes.
package enum Accelerator: String, Sendable, CaseIterable {
    /// Two NVIDIA T4.
    case t4x2
    /// Two NVIDIA T4 beside more memory.
    case t4x2Highmem = "t4x2-highmem"
    /// One NVIDIA P100.
    case p100
    /// Four NVIDIA L4.
    case l4x4
    /// One NVIDIA L4.
    case l4
    /// One NVIDIA A100.
    case a100
    /// One NVIDIA H100.
    case h100
    /// One NVIDIA RTX PRO 6000 Blackwell.
    case rtxPro6000 = "rtx-pro-6000"
    /// One TPU v5e-8.
    case tpu
    /// One TPU v6e-8.
    case tpuV6e = "tpu-v6e"
    /// No accelerator.
    case cpu
}

extension Accelerator {
    /// Whether it is one of Google's TPUs.
    package var isTPU: Bool { self == .tpu || self == .tpuV6e }

    /// What is known of a machine.
    package struct Machine: Sendable {
        /// The accelerator for people.
        package let name: String
        /// How many devices there are; of a machine without an accelerator the memory is the only one.
        package let devices: Int
        /// The bytes of memory of one device, as its driver counts them.
        package let deviceMemory: Int
        /// NVIDIA's compute capability times ten; `nil` where the device is none of NVIDIA's.
        package let capability: Int?
        /// The bytes of the machine's own memory.
        package let memory: Int
        /// What a session on it meets that no model can help; `nil` if there is nothing.
        package var trouble: String?

        /// The bytes of one device that weights can take: what the driver counts without the 512 MiB that a
        /// CUDA context, the libraries' code and their workspaces take before the first weight (300 to 600 MB
        /// with torch 2.x), and of the machine's own memory without 2 GB for system and notebook.
        package var usableDeviceMemory: Int {
            deviceMemory - (isHost ? 2_000_000_000 : 512 << 20)
        }
        /// The bytes of the machine's own memory that a notebook can take.
        package var usableMemory: Int { memory - 2_000_000_000 }
        /// The bytes of all devices that weights can take.
        package var usableTotal: Int { usableDeviceMemory * devices }
        /// Whether weights are in the machine's own memory.
        package var isHost: Bool { deviceMemory == memory }
    }

    /// The machine behind the name.
    ///
    /// Sources. Number of devices and the machine's memory: Kaggle's documentation of notebooks ("Technical
    /// Specifications": 29 GB beside GPUs P100 and T4 x2, 30 GB without, 330 GB beside a TPU); it documents
    /// none for L4, A100, H100 and RTX PRO 6000, so that Google Cloud's machine types with these GPUs stand
    /// here (g2-standard-48: 192 GB, a2-highgpu-1g: 85 GB, a3-highgpu-1g: 234 GB, g4-standard-48: 180 GB).
    /// Device memory: as nvidia-smi shows it (T4 15,360 MiB with ECC, P100 16,384, L4 23,034, A100 40,960, H100
    /// 81,559, RTX PRO 6000 97,887); a v5e chip has 16 GB (Cloud TPU, system architecture). An A100 of 80 GB
    /// is not what Kaggle's machine type has. Of one L4 and of a v6e-8, Google Cloud's g2-standard-12 (48 GB) and
    /// ct6e-standard-8t (8 chips of 32 GB, 1440 GB); of T4 with more memory nobody states how much, so that the numbers
    /// are those of T4 x2. Compute capability: NVIDIA's table of CUDA GPUs.
    package var machine: Machine {
        let mebibyte = 1 << 20
        let gigabyte = 1_000_000_000
        return switch self {
        case .t4x2:
            Machine(
                name: "T4 x2", devices: 2, deviceMemory: 15_360 * mebibyte, capability: 75,
                memory: 29 * gigabyte)
        case .t4x2Highmem:
            Machine(
                name: "T4 x2 (high memory)", devices: 2, deviceMemory: 15_360 * mebibyte, capability: 75,
                memory: 29 * gigabyte)
        case .p100:
            Machine(
                name: "P100", devices: 1, deviceMemory: 16_384 * mebibyte, capability: 60,
                memory: 29 * gigabyte,
                // kaggle 2.2.5 (`_RETIRED_ACCELERATORS`); the torch of the image, built for CUDA 12.8, has no
                // code for sm_60 (kaggle-cli#1151, docker-python#1546).
                trouble:
                    "Kaggle has retired it: sessions get T4 x2 instead, and the image's torch has no code "
                    + "for it (sm_60)")
        case .l4x4:
            Machine(
                name: "L4 x4", devices: 4, deviceMemory: 23_034 * mebibyte, capability: 89,
                memory: 192 * gigabyte)
        case .l4:
            Machine(
                name: "L4", devices: 1, deviceMemory: 23_034 * mebibyte, capability: 89,
                memory: 48 * gigabyte)
        case .a100:
            Machine(
                name: "A100", devices: 1, deviceMemory: 40_960 * mebibyte, capability: 80,
                memory: 85 * gigabyte)
        case .h100:
            Machine(
                name: "H100", devices: 1, deviceMemory: 81_559 * mebibyte, capability: 90,
                memory: 234 * gigabyte)
        case .rtxPro6000:
            Machine(
                name: "RTX PRO 6000", devices: 1, deviceMemory: 97_887 * mebibyte, capability: 120,
                memory: 180 * gigabyte)
        case .tpu:
            Machine(
                name: "TPU v5e-8", devices: 8, deviceMemory: 16 * gigabyte, capability: nil,
                memory: 330 * gigabyte)
        case .tpuV6e:
            Machine(
                name: "TPU v6e-8", devices: 8, deviceMemory: 32 * gigabyte, capability: nil,
                memory: 1440 * gigabyte)
        case .cpu:
            Machine(
                name: "CPU", devices: 1, deviceMemory: 30 * gigabyte, capability: nil, memory: 30 * gigabyte)
        }
    }
}
