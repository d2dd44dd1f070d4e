/** The SDK of package `board`: the resource classes and functions that the program uses. */
export { type KindName, Reboot, type RebootArgs, Setting, type SettingArgs } from "./board";
export type { ConnectionArgs } from "./connection-input";
export { ContainerdImage, type ContainerdImageArgs } from "./containerd";
export { getFacts, getProgram, type Facts, type ProgramFacts } from "./facts";
export { type BoardFile, File, type FileArgs, getFile } from "./files";
export {
  KubeadmCluster,
  type KubeadmClusterArgs,
  KubeadmControlPlane,
  type KubeadmControlPlaneArgs,
  KubeadmData,
  type KubeadmDataArgs,
  type JoinedClusterArgs,
  KubeadmJoin,
  type KubeadmJoinArgs,
  KubeadmJoined,
  type KubeadmJoinedArgs,
} from "./kubeadm";
export {
  AgentToken,
  ClusterNode,
  type ClusterNodeArgs,
  ClusterReadiness,
  type ClusterReadinessArgs,
  DatastoreBackup,
  type DatastoreBackupArgs,
  EtcdMember,
  type EtcdMemberArgs,
  type JoinTokenArgs,
  K3sData,
  type K3sDataArgs,
  Kubeconfig,
  type KubeconfigArgs,
  Manifest,
  type ManifestArgs,
  ManifestObjects,
  type ManifestObjectsArgs,
  type NodeAccessArgs,
  NodeObject,
  type NodeObjectArgs,
  ServerToken,
  TokenRotation,
  type TokenRotationArgs,
} from "./kubernetes";
export { Package, type PackageArgs } from "./packages";
export { RegistryImage, type RegistryAddressArgs, type RegistryImageArgs, type UpstreamArgs } from "./registry";
export {
  SystemdService,
  type HealthArgs,
  type ServiceDrainArgs,
  type ServiceFileArgs,
  type ServiceProgramArgs,
  type ServiceProgramDataArgs,
  type ServiceUpgradeArgs,
  type SystemdServiceArgs,
} from "./systemd";
