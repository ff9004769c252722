package taskresults

import pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"

// Version identifies one state of a result. A result can be deleted and created anew under the same id, so a revision
// alone does not say which state is known.
type Version struct {
	// Incarnation is higher when a result is deleted and created anew under its id.
	Incarnation int64
	// Revision grows at every change, and begins again with each incarnation.
	Revision int64
}

// IsNewerThan compares two versions of one id: by incarnation, then by revision.
func (v Version) IsNewerThan(other Version) bool {
	if v.Incarnation != other.Incarnation {
		return v.Incarnation > other.Incarnation
	}
	return v.Revision > other.Revision
}

// toProto leaves out the zero value, which stands for none.
func (v Version) toProto() *pb.TaskResultVersion {
	if v == (Version{}) {
		return nil
	}
	return &pb.TaskResultVersion{Incarnation: v.Incarnation, Revision: v.Revision}
}
