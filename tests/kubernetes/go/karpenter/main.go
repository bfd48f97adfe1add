// Karpenter with its KWOK provider, which also takes the node classes of AWS: what is written for a real
// cluster runs here as it is. Nodes are simulated; everything that Karpenter itself decides is the real thing.
package main

import (
	"context"

	awsv1 "github.com/aws/karpenter-provider-aws/pkg/apis/v1"
	"github.com/awslabs/operatorpkg/status"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	ctrl "sigs.k8s.io/controller-runtime"

	"sigs.k8s.io/karpenter/kwok/apis/v1alpha1"
	kwok "sigs.k8s.io/karpenter/kwok/cloudprovider"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider/overlay"
	"sigs.k8s.io/karpenter/pkg/controllers"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/operator"
)

const simulated = "simulated" // the one KWOK node class, which stands behind every class of AWS

// provider is KWOK's, for pools whose node class is an EC2NodeClass.
type provider struct{ *kwok.CloudProvider }

func (p provider) GetSupportedNodeClasses() []status.Object {
	return []status.Object{&awsv1.EC2NodeClass{}}
}

func (p provider) Create(ctx context.Context, claim *v1.NodeClaim) (*v1.NodeClaim, error) {
	claim = claim.DeepCopy()
	claim.Spec.NodeClassRef.Name = simulated
	return p.CloudProvider.Create(ctx, claim)
}

// ready says of each EC2NodeClass what AWS's own controller says once it has found subnets, images and a role.
type ready struct{ client.Client }

func (r ready) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	class := &awsv1.EC2NodeClass{}
	if err := r.Get(ctx, request.NamespacedName, class); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	before := class.DeepCopy()
	for _, condition := range class.StatusConditions().List() {
		if condition.Type != status.ConditionReady {
			class.StatusConditions().SetTrue(condition.Type)
		}
	}
	return reconcile.Result{}, r.Status().Patch(ctx, class, client.MergeFrom(before))
}

func (r ready) register(m manager.Manager) error {
	return ctrl.NewControllerManagedBy(m).Named("ec2nodeclass.ready").For(&awsv1.EC2NodeClass{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 1}).Complete(r)
}

func (r ready) Start(ctx context.Context) error {
	class := &v1alpha1.KWOKNodeClass{ObjectMeta: metav1.ObjectMeta{Name: simulated}}
	if err := r.Create(ctx, class); err != nil && !errors.IsAlreadyExists(err) {
		return err
	}
	return nil
}

func main() {
	ctx, op := operator.NewOperator()
	types, err := kwok.ConstructInstanceTypes(ctx)
	if err != nil {
		log.FromContext(ctx).Error(err, "no instance types")
		panic(err)
	}
	classes := ready{op.GetClient()}
	if err := classes.register(op.Manager); err != nil {
		panic(err)
	}
	if err := op.Manager.Add(classes); err != nil {
		panic(err)
	}
	plain := provider{kwok.NewCloudProvider(ctx, op.GetClient(), types)}
	decorated := overlay.Decorate(plain, op.GetClient(), op.InstanceTypeStore)
	cluster := state.NewCluster(op.Clock, op.GetClient(), decorated)
	op.WithControllers(ctx, controllers.NewControllers(
		ctx, op.Manager, op.Clock, op.GetClient(), op.EventRecorder, decorated, plain, cluster, op.InstanceTypeStore,
	)...).Start(ctx)
}
