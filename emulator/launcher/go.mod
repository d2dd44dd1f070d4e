module k3s-board/emulator/launcher

go 1.26.0

require (
	github.com/klauspost/compress v1.18.7
	go.yaml.in/yaml/v3 v3.0.4
	sigs.k8s.io/yaml v1.6.0
)

require go.yaml.in/yaml/v2 v2.4.2 // indirect
